// One event stream per browser, not per tab: the tab that holds the lock relays to the others. Messages say only what
// changed; whatever is live on it fetches itself anew with its own rights.
import {refresh, toast} from '../ui.js';

customElements.define('psa-live', class extends HTMLElement {
  connectedCallback() {
    const name = `psa-live ${this.getAttribute('src')}`;
    this.relay = new BroadcastChannel(name);
    this.relay.onmessage = e => this.hear(e.data);
    this.away = new AbortController();
    const lead = () => new Promise(end => {
      this.stream = new EventSource(this.getAttribute('src'));
      this.stream.addEventListener('change', e => { const told = JSON.parse(e.data); this.hear(told); this.relay.postMessage(told); });
      this.away.signal.addEventListener('abort', end);
    });
    this.timer = setTimeout(() => (navigator.locks ? navigator.locks.request(name, {signal: this.away.signal}, lead).catch(() => {}) : lead()), 300);
  }
  disconnectedCallback() { clearTimeout(this.timer); this.away.abort(); this.stream?.close(); this.relay.close(); }
  hear({topic, id, toast: text}) { refresh(topic, `${topic}:${id}`); if (text) toast(text); }
});

// Elements without hx-get replace themselves by their namesake in the present page, fetched anew.
const due = new Map();
document.addEventListener('psa:live', e => {
  const el = e.target;
  if (el.hasAttribute('hx-get') || !el.id) return;
  clearTimeout(due.get(el.id));
  due.set(el.id, setTimeout(() => renew(el.id), 250));
}, true);
async function renew(id) {
  due.delete(id);
  const old = document.getElementById(id);
  if (!old || old.contains(document.activeElement) && document.activeElement.matches('input,textarea,select') || old.querySelector('psa-form.dirty')) return;
  const got = await fetch(location.href, {headers: {'Psa-Soft': '1'}}).catch(() => null);
  if (!got?.ok) return;
  const fresh = new DOMParser().parseFromString(await got.text(), 'text/html').getElementById(id), now = document.getElementById(id);
  if (!fresh || !now) return;
  const host = now.closest('psa-list');
  now.replaceWith(document.adoptNode(fresh));
  window.htmx.process(fresh);
  host?.restore();
}
