// Times that run: <psa-countdown due>, <psa-timer since [paused]>. One clock for all of them.
const clocks = new Set();
setInterval(() => { if (!document.hidden) clocks.forEach(clock => clock.tick()); }, 1000);
const two = n => String(n).padStart(2, '0');

class Clock extends HTMLElement {
  connectedCallback() { clocks.add(this); this.tick(); }
  disconnectedCallback() { clocks.delete(this); }
}
customElements.define('psa-timer', class extends Clock {
  tick() {
    if (this.hasAttribute('paused') && this.shown) return;
    const n = Math.max(0, Date.now() / 1000 - this.getAttribute('since')) | 0, h = n / 3600 | 0, m = n % 3600 / 60 | 0;
    this.textContent = h ? `${h}:${two(m)}:${two(n % 60)}` : `${m}:${two(n % 60)}`;
    this.shown = true;
  }
});
customElements.define('psa-countdown', class extends Clock {
  tick() {
    const left = this.getAttribute('due') - Date.now() / 1000, n = Math.abs(left), d = n / 86400 | 0, h = n % 86400 / 3600 | 0, m = n % 3600 / 60 | 0;
    const text = d ? `${d}d ${h}h` : h ? `${h}h ${two(m)}m` : n >= 600 ? `${m}m` : `${m}:${two(n % 60 | 0)}`;
    this.textContent = (left < 0 ? '−' : '') + text;
    const host = this.closest('[data-due]'), tone = left < 0 ? 'red' : left < (this.getAttribute('warn') || 3600) ? 'amber' : 'green';
    if (host && host.dataset.tone !== tone) host.dataset.tone = tone;
  }
});
