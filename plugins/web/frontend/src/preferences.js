// Theme, density and sidebar: cookies, so that the server's first byte already looks right.
const root = document.documentElement;
const keep = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`; };
document.addEventListener('click', e => {
  const el = e.target.closest('[data-set-theme],[data-set-density],[data-rail-toggle],[data-open],[data-close]');
  if (!el) return;
  if (el.dataset.setTheme) { root.dataset.theme = el.dataset.setTheme; keep('psa_theme', el.dataset.setTheme); }
  if (el.dataset.setDensity) { root.dataset.density = el.dataset.setDensity; keep('psa_density', el.dataset.setDensity); }
  if ('railToggle' in el.dataset) keep('psa_rail', root.toggleAttribute('data-rail') ? 1 : 0);
  if (el.dataset.open) { const target = document.getElementById(el.dataset.open); (target.open instanceof Function ? target.open() : target.showModal()); }
  if (el.dataset.close !== undefined) (el.dataset.close ? document.querySelector(el.dataset.close) : el.closest('dialog,.drawer'))?.[el.closest('dialog') ? 'close' : 'remove']();
  for (const name of ['theme', 'density']) document.querySelectorAll(`[data-set-${name}]`).forEach(x => x.setAttribute('aria-pressed', x.getAttribute(`data-set-${name}`) === root.dataset[name]));
});
if (/Mac|iPhone/.test(navigator.platform)) document.querySelectorAll('[data-mod]').forEach(k => { k.textContent = k.textContent.replace(/^(Ctrl|Strg) /, '⌘'); });
