// One event stream per browser, not per tab: the tab that holds the lock relays to the others. Messages say only what
// changed; whatever is live on it fetches itself anew with its own rights.
import {refresh, refreshAll, toast} from '../ui.js';

customElements.define('psa-live', class extends HTMLElement {
  connectedCallback() {
    const name = `psa-live ${this.getAttribute('src')}`;
    this.relay = new BroadcastChannel(name);
    this.relay.onmessage = e => this.hear(e.data);
    this.away = new AbortController();
    const lead = () => new Promise(end => {
      this.stream = new EventSource(this.getAttribute('src'));
      // What happened while the line was down is not told again.
      this.stream.addEventListener('open', () => { if (this.led) { this.hear({topic: '*'}); this.relay.postMessage({topic: '*'}); } this.led = true; });
      this.stream.addEventListener('change', e => { const told = JSON.parse(e.data); this.hear(told); this.relay.postMessage(told); });
      this.away.signal.addEventListener('abort', end);
    });
    this.timer = setTimeout(() => (navigator.locks ? navigator.locks.request(name, {signal: this.away.signal}, lead).catch(() => {}) : lead()), 300);
  }
  disconnectedCallback() { clearTimeout(this.timer); this.away.abort(); this.stream?.close(); this.relay.close(); }
  hear({topic, id, toast: text}) { if (topic === '*') refreshAll(); else refresh(topic, `${topic}:${id}`); if (text) toast(text); }
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
const taken = el => 'busy' in el.dataset || el.querySelector('psa-form.dirty, :popover-open, dialog[open]') || el.contains(document.activeElement) && document.activeElement.matches('input:not([type=checkbox],[type=radio]),textarea,select');
async function renew() {
  const ids = [...due].filter(id => { const el = document.getElementById(id); if (el && taken(el)) return false; due.delete(id); return el; });
  clearTimeout(timer);
  if (due.size) timer = setTimeout(renew, 1500);
  if (!ids.length) return;
  const at = location.href, got = await fetch(at, {headers: {'Psa-Soft': '1'}}).catch(() => null);
  if (!got?.ok || location.href !== at) return;
  const page = new DOMParser().parseFromString(await got.text(), 'text/html');
  for (const id of ids) {
    const fresh = page.getElementById(id), now = document.getElementById(id);
    if (!fresh || !now) continue;
    if (taken(now)) { due.add(id); clearTimeout(timer); timer = setTimeout(renew, 1500); continue; }
    const host = now.closest('psa-list'), focused = now.contains(document.activeElement) ? document.activeElement.id : '';
    const scrolled = [...now.querySelectorAll('[id][data-scroll]')].map(x => [x.id, x.scrollTop, x.scrollLeft]);
    now.replaceWith(document.adoptNode(fresh));
    window.htmx.process(fresh);
    host?.restore();
    for (const [name, top, left] of scrolled) document.getElementById(name)?.scrollTo({top, left});
    if (focused) document.getElementById(focused)?.focus({preventScroll: true});
  }
}
