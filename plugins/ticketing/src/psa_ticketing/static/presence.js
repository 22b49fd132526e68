// Says every ten seconds that a ticket is open before somebody, and shows who else has it open.
import {csrf} from '@psa/ui';

customElements.define('psa-ticketing-presence', class extends HTMLElement {
  connectedCallback() {
    this.away = new AbortController();
    const {signal} = this.away;
    this.begin();
    this.timer = setInterval(() => this.tell(), 10000);
    document.addEventListener('input', e => this.wrote(e), {signal});
    document.addEventListener('visibilitychange', () => this.tell(), {signal});
    addEventListener('pagehide', () => this.leave(), {signal});
    addEventListener('pageshow', e => { if (e.persisted) { this.begin(); this.tell(); } }, {signal});
    this.addEventListener('psa:live', () => this.tell());
    this.tell();
  }
  // What was left is left, so that a heartbeat which arrives late brings nobody back: who returns is a new page.
  begin() { this.page = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join(''); }
  disconnectedCallback() { clearInterval(this.timer); this.away.abort(); this.leave(); }
  wrote(e) {
    if (!e.target.closest?.('psa-comments-composer')) return;
    const was = this.typing;
    this.typing = Date.now();
    if (!was || Date.now() - was > 10000) this.tell();
  }
  async tell() {
    if (document.hidden) return;
    if (this.busy) { this.again = true; return; }
    this.busy = true;
    const state = this.typing && Date.now() - this.typing < 12000 ? 'typing' : 'viewing';
    try {
      const answer = await fetch(this.getAttribute('src'), this.request(state)).then(got => got.ok ? got.json() : null);
      if (answer?.html !== undefined && this.isConnected && this.innerHTML !== answer.html) this.innerHTML = answer.html;
    } catch { /* the next one tells again */ } finally { this.busy = false; }
    // Who came meanwhile may be missing in that answer.
    if (this.again) { this.again = false; if (this.isConnected) this.tell(); }
  }
  request(state) {
    return {method: 'POST', headers: {'X-CSRF-Token': csrf(), 'Psa-Action': '1'}, body: new URLSearchParams({state, page: this.page}), keepalive: state === 'gone'};
  }
  leave() { fetch(this.getAttribute('src'), this.request('gone')).catch(() => {}); }
});
