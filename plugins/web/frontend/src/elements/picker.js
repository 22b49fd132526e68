// <psa-picker name src [multiple]>: records found by typing. Without src, free labels (tags).
import {words} from '../ui.js';

let count = 0;
customElements.define('psa-picker', class extends HTMLElement {
  connectedCallback() {
    if (this.box) return;
    const id = `picker-${++count}`;
    this.many = this.hasAttribute('multiple');
    this.box = this.querySelector('.picked');
    this.input = this.box.querySelector('input:not([type=hidden])');
    this.list = Object.assign(document.createElement('div'), {className: 'picker-list', id, hidden: true});
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', this.input.getAttribute('aria-label') ?? '');
    this.append(this.list);
    if (this.hasAttribute('src')) { this.input.setAttribute('aria-controls', id); this.input.setAttribute('aria-expanded', 'false'); }
    this.input.addEventListener('input', () => { clearTimeout(this.timer); this.old = true; this.entered = false; if (this.hasAttribute('src')) this.timer = setTimeout(() => this.load(), 120); });
    this.input.addEventListener('focus', () => { if (this.hasAttribute('src')) this.load(); });
    this.input.addEventListener('keydown', this.press);
    this.addEventListener('focusout', e => { if (!this.contains(e.relatedTarget)) { this.close(); if (!this.hasAttribute('src')) this.free(); else this.input.value = ''; } });
    this.box.addEventListener('click', e => { const drop = e.target.closest('button'); if (drop) { drop.parentElement.remove(); this.changed(); } this.input.focus(); });
    this.list.addEventListener('pointerdown', e => { e.preventDefault(); const option = e.target.closest('.option'); if (option) this.take(option.dataset.value, option.dataset.label); });
  }
  disconnectedCallback() { clearTimeout(this.timer); }
  get options() { return [...this.list.querySelectorAll('.option')]; }
  async load() {
    const url = new URL(this.getAttribute('src'), location);
    url.searchParams.set('q', this.input.value);
    const turn = this.turn = (this.turn ?? 0) + 1;
    const got = await fetch(url, {headers: {'HX-Request': 'true'}}).catch(() => null), options = got?.ok ? await got.text() : null;
    // What was asked before something was taken comes too late.
    if (options === null || turn !== this.turn || !this.contains(document.activeElement)) return;
    this.old = false;
    this.list.innerHTML = options;
    if (!this.options.length) this.list.replaceChildren(Object.assign(document.createElement('p'), {className: 'none', textContent: words('nothing')}));
    this.options.forEach((option, i) => { option.id = `${this.list.id}-${i}`; });
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
    this.pick(0);
    if (this.entered) this.choose();
    this.entered = false;
  }
  // What Enter takes; nothing that was offered for other letters.
  choose() { const option = this.options[this.at]; if (this.old) this.entered = true; else if (option) this.take(option.dataset.value, option.dataset.label); }
  close() { this.old = this.entered = false; clearTimeout(this.timer); this.turn = (this.turn ?? 0) + 1; this.list.hidden = true; if (this.hasAttribute('src')) this.input.setAttribute('aria-expanded', 'false'); this.input.removeAttribute('aria-activedescendant'); }
  pick(n) {
    const options = this.options; if (!options.length) return;
    this.at = (n + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute('aria-selected', i === this.at));
    this.input.setAttribute('aria-activedescendant', options[this.at].id);
    options[this.at].scrollIntoView({block: 'nearest'});
  }
  press = e => {
    const open = !this.list.hidden;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); if (open) this.pick(this.at + (e.key === 'ArrowDown' ? 1 : -1)); else if (this.hasAttribute('src')) this.load(); }
    else if (e.key === 'Enter' || e.key === ',' && !this.hasAttribute('src')) {
      if (this.hasAttribute('src') && (open || this.old)) { e.preventDefault(); this.choose(); }
      else if (!this.hasAttribute('src') && this.input.value.trim()) { e.preventDefault(); this.free(); }
    }
    else if (e.key === 'Escape' && open) { e.preventDefault(); e.stopPropagation(); this.close(); }
    else if (e.key === 'Backspace' && !this.input.value) { [...this.box.querySelectorAll(':scope > span')].pop()?.remove(); this.changed(); }
  };
  free() { const text = this.input.value.trim().replace(/,$/, ''); if (text) this.take(text, text); }
  take(value, label) {
    if (!this.many) this.box.querySelectorAll(':scope > span').forEach(x => x.remove());
    if ([...this.box.querySelectorAll('input[type=hidden]')].some(x => x.value === value)) { this.input.value = ''; return; }
    const chip = document.createElement('span'), drop = document.createElement('button');
    drop.type = 'button'; drop.setAttribute('aria-label', `${words('remove')} ${label}`); drop.textContent = '×';
    chip.append(label, Object.assign(document.createElement('input'), {type: 'hidden', name: this.getAttribute('name'), value}), drop);
    this.box.insertBefore(chip, this.input);
    this.input.value = '';
    this.close();
    this.changed();
  }
  changed() { this.dispatchEvent(new Event('change', {bubbles: true})); }
});
