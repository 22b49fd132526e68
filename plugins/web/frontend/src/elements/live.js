// One event stream per browser, not per tab: the tab that holds the lock relays to the others. Messages say only what
// changed; whatever is live on it fetches itself anew with its own rights.
import {posting, refresh, refreshAll, toast} from '../ui.js';
import {editable} from './keys.js';

const LATELY = 300;
const rendered = () => Number(document.getElementById('main')?.dataset.place ?? 0);

customElements.define('psa-live', class extends HTMLElement {
  connectedCallback() {
    const src = this.getAttribute('src'), name = `psa-live ${src}`;
    // What was told lately: a page that comes later asks for what it missed while it was under way.
    this.told = [];
    this.relay = new BroadcastChannel(name);
    this.relay.onmessage = ({data}) => {
      if (data.since === undefined) this.hear(data);
      else if (this.stream) this.told.filter(one => one.place >= data.since).forEach(one => this.relay.postMessage(one));
    };
    this.relay.postMessage({since: rendered()});
    this.away = new AbortController();
    document.addEventListener('psa:arrived', () => { const since = rendered(); this.told.filter(one => one.place >= since).forEach(one => this.tell(one)); }, {signal: this.away.signal});
    const lead = () => new Promise(end => {
      this.stream = new EventSource(`${src}?since=${Math.max(rendered(), this.told.at(-1)?.place ?? 0)}`);
      this.stream.addEventListener('change', e => { const told = {...JSON.parse(e.data), place: Number(e.lastEventId)}; this.hear(told); this.relay.postMessage(told); });
      this.away.signal.addEventListener('abort', end);
    });
    this.timer = setTimeout(() => (navigator.locks ? navigator.locks.request(name, {signal: this.away.signal}, lead).catch(() => {}) : lead()), 300);
  }
  disconnectedCallback() { clearTimeout(this.timer); this.away.abort(); this.stream?.close(); this.relay.close(); }
  hear(told) {
    if (this.told.some(one => one.place === told.place && one.topic === told.topic && one.id === told.id)) return;
    this.told.push(told);
    if (this.told.length > LATELY) this.told.shift();
    this.tell(told);
    if (told.toast) toast(told.toast);
  }
  tell({topic, id}) { if (topic === '*') refreshAll(); else refresh(topic, `${topic}:${id}`); }
});

// Elements without hx-get replace themselves by their namesakes in the present page, fetched anew once for all of them.
// What somebody is at work in waits until they are done.
const due = new Set();
let timer;
document.addEventListener('psa:live', e => {
  if (e.target.hasAttribute('hx-get') || !e.target.id) return;
  due.add(e.target.id);
  clearTimeout(timer);
  timer = setTimeout(renew, 250);
}, true);
// An answer fills the very element that was there when it was asked for; had that been replaced meanwhile, it would be lost.
// Several may be under way to one element: of letters typed one after the other, all but the last are given up.
const awaiting = new Set();
document.addEventListener('htmx:before:request', e => awaiting.add(e.detail.ctx));
document.addEventListener('htmx:finally:request', e => awaiting.delete(e.detail.ctx));
const taken = el => 'busy' in el.dataset || [...awaiting].some(ctx => el.contains(ctx.target)) || el.querySelector('psa-form.dirty, :popover-open, dialog[open]') || el.contains(document.activeElement) && editable(document.activeElement);
// A page from before somebody's own change, or from the middle of it, would undo for a moment what they see done.
let changes = 0;
document.addEventListener('psa:changing', () => { changes += 1; });
const later = wait => { clearTimeout(timer); timer = setTimeout(renew, wait); };
async function renew() {
  if (posting()) { later(300); return; }
  const ids = [...due].filter(id => { const el = document.getElementById(id); if (el && taken(el)) return false; due.delete(id); return el; });
  clearTimeout(timer);
  if (due.size) later(1500);
  if (!ids.length) return;
  const at = location.href, then = changes, got = await fetch(at, {headers: {'Psa-Soft': '1'}}).catch(() => null);
  const text = got?.ok && await got.text().catch(() => '');
  // Only now: somebody may have gone elsewhere while it came.
  if (!text || location.href !== at) return;
  if (then !== changes) { ids.forEach(id => due.add(id)); later(300); return; }
  const page = new DOMParser().parseFromString(text, 'text/html');
  // The outer before the inner, which comes along: moved out of it first, it would be gone with what the outer replaces.
  const inOrder = ids.filter(id => document.getElementById(id)).sort((a, b) => document.getElementById(a).compareDocumentPosition(document.getElementById(b)) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  for (const id of inOrder) {
    const fresh = page.getElementById(id), now = document.getElementById(id);
    if (!fresh || !now) continue;
    if (taken(now)) { due.add(id); later(1500); continue; }
    const host = now.closest('psa-list'), focused = now.contains(document.activeElement) ? document.activeElement.id : '';
    const scrolled = [...now.querySelectorAll('[id][data-scroll]')].map(x => [x.id, x.scrollTop, x.scrollLeft]);
    // What is told only once stays.
    for (const once of now.querySelectorAll('[id][data-once]')) fresh.querySelector(`#${CSS.escape(once.id)}`)?.replaceWith(once);
    now.replaceWith(document.adoptNode(fresh));
    window.htmx.process(fresh);
    host?.restore();
    for (const [name, top, left] of scrolled) document.getElementById(name)?.scrollTo({top, left});
    if (focused) document.getElementById(focused)?.focus({preventScroll: true});
  }
}
