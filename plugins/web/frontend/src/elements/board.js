// <psa-board>: cards ([data-card]) move between [data-column]s by mouse, touch, or [ and ]; refused ones go back.
import {act, go} from '../ui.js';

customElements.define('psa-board', class extends HTMLElement {
  async connectedCallback() {
    this.addEventListener('keydown', this.press);
    const {default: Sortable} = await import('sortablejs');
    if (!this.isConnected) return;
    this.sorting = this.columns.map(column => Sortable.create(column, {
      group: 'board', animation: 140, delay: 120, delayOnTouchOnly: true, draggable: '[data-card]', ghostClass: 'ghost', sort: false,
      onChoose: e => { this.dataset.busy = ''; this.home = e.item.nextElementSibling; },
      onUnchoose: () => { delete this.dataset.busy; },
      onEnd: e => { if (e.from !== e.to) this.save(e.item, e.from, this.home); },
    }));
  }
  disconnectedCallback() { this.sorting?.forEach(s => s.destroy()); }
  get columns() { return [...this.querySelectorAll('[data-column]')]; }
  press = e => {
    const card = e.target.closest?.('[data-card]');
    if (!card || e.target !== card || e.metaKey || e.ctrlKey || e.altKey) return;
    const columns = this.columns, column = card.closest('[data-column]'), i = columns.indexOf(column);
    const across = by => { for (let n = i + by; columns[n]; n += by) { const first = columns[n].querySelector('[data-card]'); if (first) return first; } return null; };
    const near = way => { let el = card[way]; while (el && !el.matches('[data-card]')) el = el[way]; return el; };
    if (e.key === ']' || e.key === '[') {
      const next = columns[i + (e.key === ']' ? 1 : -1)], home = card.nextElementSibling;
      if (next) { next.prepend(card); card.focus(); this.save(card, column, home); }
    }
    else if (e.key === 'Enter') go(card.dataset.href);
    else {
      const beside = {ArrowDown: () => near('nextElementSibling'), ArrowUp: () => near('previousElementSibling'), ArrowRight: () => across(1), ArrowLeft: () => across(-1)}[e.key]?.();
      if (beside === undefined) return;
      beside?.focus();
    }
    e.preventDefault();
  };
  // One after the other, as they were made: a card's second move starts from where the first one took it.
  save(card, from, home) {
    const to = card.closest('[data-column]').dataset.column;
    this.count();
    this.saving = Promise.resolve(this.saving).then(() => this.send(card, from, home, to));
  }
  async send(card, from, home, to) {
    if (!(await act(card.dataset.move, {...this.dataset.values ? JSON.parse(this.dataset.values) : {}, from: from.dataset.column, to}))) {
      const held = document.activeElement === card;
      from.insertBefore(card, home?.parentElement === from ? home : null);
      if (held) card.focus();
      this.count();
    }
  }
  // Columns may hold more than they show: counts move by what moved.
  count() {
    for (const column of this.columns) {
      const shown = column.querySelectorAll('[data-card]').length, n = column.parentElement.querySelector('.n');
      // "999+" stays as it is.
      if (!n || Number.isNaN(Number(n.textContent))) continue;
      column.hiddenCards ??= Number(n.textContent) - Number(n.dataset.shown ?? n.textContent);
      n.textContent = shown + column.hiddenCards;
    }
  }
});
