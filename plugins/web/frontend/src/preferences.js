// Theme, density and sidebar: cookies, so that the server's first byte already looks right.
const root = document.documentElement;
const keep = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`; };
// Where there is room for a rail only, the sidebar opens over the page until it was used.
const narrow = matchMedia('(max-width: 1100px)');
let opener;
function menu(open, by) {
  if (open === 'menu' in root.dataset) return;
  root.toggleAttribute('data-menu', open);
  opener?.removeAttribute('aria-expanded');
  if (open) { opener = by; by.setAttribute('aria-expanded', 'true'); document.querySelector('.side nav a')?.focus(); }
}
document.addEventListener('psa:arrived', () => menu(false));
document.addEventListener('keydown', e => { if (e.key === 'Escape' && 'menu' in root.dataset) { e.preventDefault(); menu(false); opener?.focus(); } }, true);
document.addEventListener('click', e => {
  if ('menu' in root.dataset && !e.target.closest('.side, [data-rail-toggle]') || e.target.closest('.side .jump')) menu(false);
  const el = e.target.closest('[data-set-theme],[data-set-density],[data-rail-toggle],[data-open],[data-close]');
  if (!el) return;
  if (el.dataset.setTheme) { root.dataset.theme = el.dataset.setTheme; keep('psa_theme', el.dataset.setTheme); }
  if (el.dataset.setDensity) { root.dataset.density = el.dataset.setDensity; keep('psa_density', el.dataset.setDensity); }
  if ('railToggle' in el.dataset) { if (narrow.matches) menu(!('menu' in root.dataset), el); else keep('psa_rail', root.toggleAttribute('data-rail') ? 1 : 0); }
  if (el.dataset.open) { const target = document.getElementById(el.dataset.open); (target.open instanceof Function ? target.open() : target.showModal()); }
  if (el.dataset.close !== undefined) (el.dataset.close ? document.querySelector(el.dataset.close) : el.closest('dialog,.drawer'))?.[el.closest('dialog') ? 'close' : 'remove']();
  for (const name of ['theme', 'density']) document.querySelectorAll(`[data-set-${name}]`).forEach(x => x.setAttribute('aria-pressed', x.getAttribute(`data-set-${name}`) === root.dataset[name]));
});
if (/Mac|iPhone/.test(navigator.platform)) document.querySelectorAll('[data-mod]').forEach(k => { k.textContent = k.textContent.replace(/^(Ctrl|Strg) /, '⌘'); });
