// Soft navigation: the server always sends whole pages; for links of the shell only <main> is replaced, so that
// timers, the event stream and open menus stay. Whatever is in doubt becomes a real navigation.
import {toast, words} from './ui.js';

const root = document.documentElement;
const prefix = root.dataset.prefix ?? '';
const ahead = new Map();

function page(url) {
  const known = ahead.get(url);
  if (known && performance.now() - known.at < 5000) return known.got;
  const got = fetch(url, {headers: {'Psa-Soft': '1'}}).then(async r => ({ok: r.ok, url: r.url, text: await r.text()}));
  got.catch(() => ahead.delete(url));
  ahead.set(url, {got, at: performance.now()});
  return got;
}
// What was fetched ahead of a change is old.
document.addEventListener('psa:changing', () => ahead.clear());
export const prefetch = url => { page(new URL(url, location).href).catch(() => {}); };

const own = a => a && prefix && a.origin === location.origin && a.pathname.startsWith(prefix) && !('hard' in a.dataset)
  && !a.target && !a.hasAttribute('download') && !a.getAttribute('href').startsWith('#');

async function arrive(doc, main) {
  const head = document.head;
  const fresh = (selector, name) => [...doc.head.querySelectorAll(selector)].filter(x => !head.querySelector(`${selector.split('[')[0]}[${name}="${x.getAttribute(name)}"]`));
  await Promise.all(fresh('link[rel=stylesheet]', 'href').map(link => new Promise(done => {
    const copy = link.cloneNode(); copy.onload = copy.onerror = done; head.append(copy);
  })));
  document.getElementById('main').replaceWith(document.adoptNode(main));
  document.getElementById('drawer')?.replaceChildren();
  document.title = doc.title;
  for (const name of ['psa-csrf']) { const now = head.querySelector(`meta[name=${name}]`), then = doc.head.querySelector(`meta[name=${name}]`); if (now && then) now.content = then.content; }
  const nav = doc.querySelector('[data-nav], .side nav'), old = document.querySelector('[data-nav], .side nav');
  if (nav && old) { const at = old.scrollTop; old.replaceChildren(...nav.childNodes); old.scrollTop = at; }
  window.htmx.process(main);
  reveal();
  document.dispatchEvent(new CustomEvent('psa:arrived'));
  const part = document.getElementById(location.hash.slice(1));
  (main.querySelector('[autofocus]') ?? part?.closest('input,select,textarea,[tabindex]') ?? main).focus({preventScroll: true});
  part?.scrollIntoView({block: 'center'});
  for (const script of fresh('script[type=module][src]', 'src')) {
    head.append(Object.assign(document.createElement('script'), {type: 'module', src: script.src}));
  }
  waitingToast();
}

let latest;
async function soft(url, push) {
  const mine = latest = Symbol();
  root.dataset.loading = '';
  try {
    const got = await page(url);
    // Whoever has clicked again in the meantime wants to go there.
    if (mine !== latest) return;
    ahead.clear();
    const doc = new DOMParser().parseFromString(got.text, 'text/html'), main = doc.getElementById('main');
    if (!main || doc.documentElement.dataset.build !== root.dataset.build || doc.documentElement.dataset.prefix !== prefix) return location.assign(url);
    if (push) { history.pushState(place(at + 1), '', got.url + new URL(url).hash); at += 1; }
    shown = here();
    await arrive(doc, main);
  } catch { if (mine === latest) location.assign(url); } finally { if (mine === latest) delete root.dataset.loading; }
}

// Of tabs that have no room for all, the present one is seen.
function reveal() {
  for (const tab of document.querySelectorAll('nav [aria-current]')) {
    const bar = tab.closest('nav'), over = tab.offsetLeft + tab.offsetWidth - bar.clientWidth - bar.offsetLeft;
    if (bar.scrollWidth > bar.clientWidth && over > 0) bar.scrollLeft = over + 24;
  }
}

function waitingToast() {
  const text = sessionStorage.getItem('psa-toast');
  if (text) { sessionStorage.removeItem('psa-toast'); toast(text); }
}

const leaves = () => !document.querySelector('psa-form.dirty[guarded]') || confirm(words('leave'));
// Every entry of the history says its place, so that a step that somebody takes back can be: a browser asks nobody
// before it is made. What says "htmx" is left alone by htmx.
const place = n => ({psa: n, htmx: true}), here = () => location.pathname + location.search;
let at = history.state?.psa ?? 0, shown = here(), returning = false;
history.replaceState(place(at), '');
document.addEventListener('click', e => {
  const a = e.target.closest('a[href]');
  if (!own(a) || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  e.preventDefault();
  document.querySelector('dialog[open]')?.close();
  if (leaves()) soft(a.href, true);
});
addEventListener('popstate', e => {
  const to = e.state?.psa;
  // A part of this very page, by its hash: the browser has made the entry.
  if (to === undefined) { at += 1; history.replaceState(place(at), ''); return; }
  if (returning) { returning = false; return; }
  if (here() === shown) { at = to; return; }
  if (!leaves()) { returning = true; history.go(at - to); return; }
  at = to;
  soft(location.href, false);
});
document.addEventListener('psa:go', e => soft(new URL(e.detail, location).href, true));
document.addEventListener('htmx:before:history:restore', e => e.preventDefault());
document.addEventListener('htmx:before:history:update', e => { e.preventDefault(); history.replaceState(place(at), '', e.detail.history.path); shown = here(); });
let hovering;
document.addEventListener('pointerover', e => { clearTimeout(hovering); const a = e.target.closest('a[href]'); if (own(a)) hovering = setTimeout(() => prefetch(a.href), 65); });
document.addEventListener('pointerdown', e => { const a = e.target.closest('a[href]'); if (own(a) && !e.button) prefetch(a.href); });
const begin = () => { waitingToast(); reveal(); };
if (document.readyState === 'loading') addEventListener('DOMContentLoaded', begin); else begin();
