// Menus are popovers: arrows move in them, an input [data-narrow] leaves only what contains its text, Enter takes the first.
const entries = menu => [...menu.querySelectorAll('button,a')].filter(x => x.checkVisibility());

document.addEventListener('keydown', e => {
  const menu = e.target.closest?.('.menu:popover-open');
  if (!menu || e.isComposing) return;
  const narrow = e.target.matches('[data-narrow]');
  if (e.target.matches('input,textarea,select') && !narrow || e.target.closest('psa-picker')) return;
  const all = entries(menu), at = all.indexOf(e.target);
  if (e.key === 'ArrowDown') all[(at + 1) % all.length]?.focus();
  else if (e.key === 'ArrowUp') all[(Math.max(at, 0) - 1 + all.length) % all.length]?.focus();
  else if (narrow && e.key === 'Enter') all[0]?.click();
  else if (!narrow && e.key.length === 1 && !e.metaKey && !e.ctrlKey && e.key !== ' ') {
    const next = [...all.slice(at + 1), ...all.slice(0, at + 1)].find(x => x.textContent.trim().toLowerCase().startsWith(e.key.toLowerCase()));
    if (!next) return;
    next.focus();
  }
  else return;
  e.preventDefault();
  e.stopPropagation();
}, true);
document.addEventListener('input', e => {
  if (!e.target.matches?.('[data-narrow]')) return;
  const sought = e.target.value.trim().toLowerCase();
  e.target.closest('.menu').querySelectorAll('button').forEach(x => { x.hidden = !x.textContent.toLowerCase().includes(sought); });
});
// A menu opens at its present value.
export function enter(menu) {
  if (!menu?.matches('.menu:popover-open') || menu.contains(document.activeElement)) return;
  (menu.querySelector('[data-narrow],[autofocus]') ?? menu.querySelector('[aria-checked=true],[aria-pressed=true]') ?? (menu.matches('[role=menu]') ? entries(menu)[0] : null))?.focus();
}
document.addEventListener('toggle', e => { if (e.newState === 'open') enter(e.target); }, true);
