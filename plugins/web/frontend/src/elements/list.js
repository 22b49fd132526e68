// <psa-list>: the row cursor, selection with the bulk bar, and peeking.
import {go} from '../ui.js';
import {prefetch} from '../navigation.js';
import {editable} from './keys.js';

customElements.define('psa-list', class extends HTMLElement {
  connectedCallback() {
    this.chosen = new Set();
    document.addEventListener('keydown', this.press);
    this.addEventListener('change', this.change);
    this.addEventListener('click', this.click);
    this.addEventListener('pointerover', this.offer);
    this.pen = this.querySelector('[data-pen]')?.content.firstElementChild.cloneNode(true);
    this.addEventListener('htmx:after:swap', this.restore);
    this.addEventListener('psa:done', this.clear);
  }
  disconnectedCallback() { document.removeEventListener('keydown', this.press); clearTimeout(this.timer); this.shut(); }
  get rows() { return [...this.querySelectorAll('[data-row]')]; }
  get current() { return this.querySelector('[data-row][aria-current=true]'); }
  get drawer() { return document.getElementById('drawer'); }
  mark(row) {
    this.current?.removeAttribute('aria-current');
    row.setAttribute('aria-current', 'true');
    row.scrollIntoView({block: 'nearest'});
    this.at = row.dataset.row;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => prefetch(row.dataset.href), 120);
    if (this.drawer.childElementCount) this.peek();
  }
  move(by) { const rows = this.rows, next = rows[Math.max(0, Math.min(rows.length - 1, rows.indexOf(this.current) + by))]; if (next) this.mark(next); }
  peek() { const row = this.current; if (row?.dataset.peek) window.htmx.ajax('GET', row.dataset.peek, {source: this.drawer, target: this.drawer, swap: 'innerHTML'}); else if (row) go(row.dataset.href); }
  // Also what is still on its way into it.
  shut() { window.htmx.trigger(this.drawer, 'htmx:abort'); this.drawer.replaceChildren(); }
  offer = e => { const cell = e.target.closest('td[data-edit]'); if (this.pen && cell && !cell.contains(this.pen) && !cell.querySelector('psa-form')) cell.append(this.pen); };
  edit(cell) { if (cell) window.htmx.ajax('GET', `${cell.closest('[data-row]').dataset.href}/field/${cell.dataset.edit}`, {source: cell, target: cell, swap: 'innerHTML'}); }
  press = e => {
    // From the filter's field into what it found.
    if (e.target.matches?.('#filters [name=q]') && ['Enter', 'ArrowDown', 'Escape'].includes(e.key) && !e.isComposing) { e.preventDefault(); e.target.blur(); if (e.key !== 'Escape') this.move(1); return; }
    if (e.metaKey || e.ctrlKey || e.altKey || e.defaultPrevented || editable(e.target) || document.querySelector('dialog[open], :popover-open.menu')) return;
    const row = this.current, control = e.target.closest?.('a,button,summary,input');
    switch (e.key) {
      case 'j': case 'ArrowDown': this.move(1); break;
      case 'k': case 'ArrowUp': this.move(-1); break;
      case 'x': if (row) this.choose([row], !this.chosen.has(row.dataset.row)); break;
      case ' ': if (!row || control) return; if (this.drawer.childElementCount) this.shut(); else this.peek(); break;
      case 'Enter': case 'o': if (!row || (control && e.key === 'Enter')) return; this.remember(); go(row.dataset.href); break;
      case 'F2': this.edit(row?.querySelector('td[data-edit]')); break;
      case 'Escape': if (this.drawer.childElementCount) this.shut(); else this.clear(); break;
      default: return;
    }
    e.preventDefault();
  };
  // Where a record's page was reached from, for its way back and to the next one. The rows say what they answer: the
  // address follows them by a moment.
  remember() { sessionStorage.setItem('psa-trail', JSON.stringify({back: location.pathname + (this.querySelector('#results')?.dataset.address ?? location.search), rows: this.rows.map(row => row.dataset.href)})); }
  choose(rows, on) {
    for (const row of rows) {
      const box = row.querySelector('.check');
      if (!box) continue;
      box.checked = on;
      row.setAttribute('aria-selected', on);
      if (on) this.chosen.add(row.dataset.row); else this.chosen.delete(row.dataset.row);
    }
    this.sync();
  }
  clear = () => this.choose(this.rows, false);
  change = e => {
    if (e.target.matches('[data-all]')) this.choose(this.rows, e.target.checked);
    else if (e.target.matches('[data-row] .check')) {
      const row = e.target.closest('[data-row]'), rows = this.rows;
      const [a, b] = this.ranged && this.last ? [rows.indexOf(this.last), rows.indexOf(row)].sort((x, y) => x - y) : [rows.indexOf(row), rows.indexOf(row)];
      this.choose(rows.slice(a, b + 1), e.target.checked);
      this.last = row;
    }
  };
  click = e => {
    this.ranged = e.shiftKey;
    if (e.target.closest('.pen')) { this.edit(e.target.closest('td')); return; }
    const exported = e.target.closest('a[data-export]');
    if (exported) exported.href = exported.dataset.export + (this.querySelector('#results')?.dataset.query ?? '');
    if (e.target.closest('[data-clear]')) { this.clear(); return; }
    if (e.target.closest('[data-row] a')) this.remember();
    const row = e.target.closest('[data-row]');
    if (!row || e.target.closest('a,button,input,label,summary')) return;
    this.mark(row);
    if (!this.drawer.childElementCount) this.peek();
  };
  restore = () => {
    const rows = this.rows, present = new Set(rows.map(row => row.dataset.row));
    this.chosen.forEach(id => { if (!present.has(id)) this.chosen.delete(id); });
    for (const row of rows) {
      if (this.chosen.has(row.dataset.row)) { row.querySelector('.check').checked = true; row.setAttribute('aria-selected', 'true'); }
      if (row.dataset.row === this.at) row.setAttribute('aria-current', 'true');
    }
    this.sync();
  };
  sync() {
    const n = this.chosen.size, bar = this.querySelector('.bulk'), all = this.querySelector('[data-all]');
    if (bar) { bar.hidden = !n; bar.querySelector('b').textContent = n; bar.querySelectorAll('[data-post]').forEach(b => { b.dataset.values = JSON.stringify({ids: [...this.chosen]}); }); }
    if (all) { all.checked = n > 0 && n === this.rows.length; all.indeterminate = n > 0 && n < this.rows.length; }
  }
});

// <psa-trail>: previous and next record of the list that one came from; [data-back] leads back to that list as it was.
customElements.define('psa-trail', class extends HTMLElement {
  connectedCallback() {
    const {back, rows} = JSON.parse(sessionStorage.getItem('psa-trail') ?? '{"rows":[]}'), at = rows.indexOf(location.pathname);
    if (at < 0) return;
    this.querySelector('.num').textContent = `${at + 1} / ${rows.length}`;
    for (const [rel, href] of [['prev', rows[at - 1]], ['next', rows[at + 1]]]) { const a = this.querySelector(`[rel=${rel}]`); a.hidden = !href; if (href) a.href = href; }
    const up = document.querySelector('[data-back]');
    if (up && new URL(up.href).pathname === back.split('?')[0]) up.href = back;
  }
});
