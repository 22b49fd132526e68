// One keyboard dispatcher. Bindings are in the markup: data-hotkey="g t", "mod+k", "r". Single letters never act in fields
// or open menus.
import {words} from '../ui.js';
import {enter} from './menu.js';

export const editable = t => t.closest?.('input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable=true]');
// What a closed menu holds can be reached by its key all the same.
const seen = el => el.checkVisibility() || el.closest('.menu:not(:popover-open)');

customElements.define('psa-keys', class extends HTMLElement {
  connectedCallback() { this.begun = ''; document.addEventListener('keydown', this.press); }
  disconnectedCallback() { document.removeEventListener('keydown', this.press); }
  press = e => {
    if (e.isComposing || e.altKey || e.defaultPrevented) return;
    const mod = e.metaKey || e.ctrlKey, open = document.querySelector('dialog[open]') ?? e.target.closest?.('.menu:popover-open');
    if ((editable(e.target) || open) && !mod) return;
    if (e.repeat && e.key.length === 1) return;
    const key = (mod ? 'mod+' : '') + (e.key.length === 1 ? e.key.toLowerCase() : e.key);
    if (key === '?') { e.preventDefault(); this.help(); return; }
    for (const wanted of [this.begun && `${this.begun} ${key}`, key]) {
      const el = wanted && [...document.querySelectorAll(`[data-hotkey="${CSS.escape(wanted)}"]`)].find(seen);
      if (!el) continue;
      e.preventDefault(); e.stopImmediatePropagation();
      this.begun = '';
      if (el.matches('input,textarea,select,psa-editor')) { el.focus(); el.select?.(); } else { el.click(); enter(el.popoverTargetElement); }
      return;
    }
    this.begun = !mod && key === 'g' ? 'g' : '';
    clearTimeout(this.timer); this.timer = setTimeout(() => { this.begun = ''; }, 1000);
  };
  help() {
    const dialog = this.querySelector('dialog'), list = dialog.querySelector('ul'), rows = new Map();
    for (const el of document.querySelectorAll('[data-hotkey]')) {
      const text = el.getAttribute('aria-label') || el.dataset.label || [...el.childNodes].filter(n => n.nodeName !== 'KBD' && !n.classList?.contains('count')).map(n => n.textContent).join(' ').trim() || el.placeholder || '';
      if (text) rows.set(el.dataset.hotkey, text.replace(/\s+/g, ' ').slice(0, 36));
    }
    if (document.querySelector('psa-list')) for (const [key, word] of [['j k', 'move'], ['x', 'select'], ['space', 'peek'], ['enter', 'open'], ['esc', 'clear']]) rows.set(key, words(`key-${word}`));
    rows.set('?', words('key-help'));
    list.replaceChildren(...[...rows].map(([keys, text]) => {
      const row = document.createElement('li'), span = document.createElement('span');
      for (const key of keys.split(' ')) span.append(Object.assign(document.createElement('kbd'), {textContent: key.replace('mod+', 'Ctrl ')}));
      row.append(text, span);
      return row;
    }));
    dialog.showModal();
  }
});
document.addEventListener('click', e => { if (e.target.matches?.('dialog[data-light]')) e.target.close(); });
