// Elements whose weight is fetched when they are first used.
import {toast, words, act} from '../ui.js';

// <psa-editor><textarea>: rich text from the first focus on; the textarea holds the HTML that is sent.
customElements.define('psa-editor', class extends HTMLElement {
  connectedCallback() { this.area = this.querySelector('textarea'); this.area.addEventListener('focus', this.begin, {once: true}); }
  disconnectedCallback() { this.editor?.destroy(); }
  focus() { if (this.editor) this.editor.commands.focus(); else this.area.focus(); }
  clear() { this.editor?.commands.clearContent(true); this.area.value = ''; }
  begin = async () => {
    const {rich} = await import('../editor.js');
    if (this.editor || !this.isConnected) return;
    const box = document.createElement('div');
    this.append(box);
    this.area.hidden = true;
    this.editor = rich(box, this.area);
    this.addEventListener('keydown', e => { if (e.key === 'Enter' && (e.metaKey || e.ctrlKey)) { e.preventDefault(); this.closest('form').requestSubmit(); } });
    this.closest('form').addEventListener('reset', () => this.clear());
  };
});

// <psa-board>: cards (.ticket-card[data-id]) move between [data-column]s by mouse, touch, or [ and ].
customElements.define('psa-board', class extends HTMLElement {
  async connectedCallback() {
    this.addEventListener('keydown', this.press);
    const {default: Sortable} = await import('sortablejs');
    if (!this.isConnected) return;
    this.sorting = this.columns.map(column => Sortable.create(column, {group: 'board', animation: 140, delay: 120, delayOnTouchOnly: true, draggable: '[data-card]', ghostClass: 'ghost', onEnd: e => { if (e.from !== e.to) this.save(e.item, e.from); }}));
  }
  disconnectedCallback() { this.sorting?.forEach(s => s.destroy()); }
  get columns() { return [...this.querySelectorAll('[data-column]')]; }
  press = e => {
    const card = e.target.closest?.('[data-card]');
    if (!card || e.target !== card || e.metaKey || e.ctrlKey || e.altKey) return;
    const columns = this.columns, column = card.closest('[data-column]'), i = columns.indexOf(column);
    const beside = {ArrowDown: card.nextElementSibling, ArrowUp: card.previousElementSibling, ArrowRight: columns[i + 1]?.querySelector('[data-card]'), ArrowLeft: columns[i - 1]?.querySelector('[data-card]')}[e.key];
    if (e.key === ']' || e.key === '[') { const next = columns[i + (e.key === ']' ? 1 : -1)]; if (next) { next.prepend(card); card.focus(); this.save(card, column); } }
    else if (e.key === 'Enter') document.dispatchEvent(new CustomEvent('psa:go', {detail: card.dataset.href}));
    else if (beside) beside.focus();
    else return;
    e.preventDefault();
  };
  async save(card, from) {
    const column = card.closest('[data-column]');
    if (!(await act(card.dataset.move, {to: column.dataset.column}))) { from.append(card); toast(words('failed'), {bad: true}); }
    this.columns.forEach(c => { const n = c.parentElement.querySelector('.n'); if (n) n.textContent = c.querySelectorAll('[data-card]').length; });
  }
});
