// <psa-palette>: records, actions and places from one field.
import {words} from '../ui.js';

customElements.define('psa-palette', class extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector('dialog');
    this.input = this.querySelector('input');
    this.list = this.querySelector('[role=listbox]');
    this.input.addEventListener('input', () => { this.old = true; clearTimeout(this.timer); this.timer = setTimeout(() => this.load(), 90); });
    this.dialog.addEventListener('keydown', this.press);
    this.list.addEventListener('pointermove', e => { const option = e.target.closest('.option'); if (option) this.pick(this.options.indexOf(option), true); });
  }
  disconnectedCallback() { clearTimeout(this.timer); this.asking?.abort(); }
  get options() { return [...this.list.querySelectorAll('.option')]; }
  open() { this.entered = false; this.dialog.showModal(); this.input.select(); this.load(); }
  press = e => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); this.pick(this.at + (e.key === 'ArrowDown' ? 1 : -1)); }
    else if (e.key === 'Enter') { e.preventDefault(); if (this.old) this.entered = true; else this.options[this.at]?.click(); }
  };
  // Enter is for what was typed: until its answer is there, it waits.
  async load() {
    this.old = true;
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const got = await fetch(`${this.getAttribute('src')}?q=${encodeURIComponent(this.input.value)}`, {signal: this.asking.signal, headers: {'HX-Request': 'true'}});
      if (got.redirected || !got.ok) { if (got.redirected) location.reload(); return; }
      this.list.innerHTML = await got.text();
      this.old = false;
      this.pick(0);
      if (this.entered && this.dialog.open) this.options[0]?.click();
      this.entered = false;
    } catch (error) { if (error.name !== 'AbortError') this.list.textContent = words('offline'); }
  }
  pick(n, quiet) {
    const options = this.options;
    if (!options.length) { this.input.removeAttribute('aria-activedescendant'); return; }
    this.at = (n + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute('aria-selected', i === this.at));
    this.input.setAttribute('aria-activedescendant', options[this.at].id);
    if (!quiet) options[this.at].scrollIntoView({block: 'nearest'});
  }
});
