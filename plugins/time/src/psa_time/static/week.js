// <psa-time-week>: a grid whose cells take time as it is typed; arrows move, Enter keeps, Escape gives back.
import {act} from '@psa/ui';

const STEPS = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};

customElements.define('psa-time-week', class extends HTMLElement {
  connectedCallback() {
    this.addEventListener('keydown', this.press);
    this.addEventListener('click', this.click);
  }
  disconnectedCallback() { this.removeEventListener('keydown', this.press); this.removeEventListener('click', this.click); }
  // The nearest cell in a direction, from the column where one is; lines may lack some.
  near(cell, [down, right]) {
    const row = cell.closest('tr'), column = cell.closest('td').cellIndex;
    if (right) {
      const cells = [...row.querySelectorAll('[data-cell]')];
      return cells[cells.indexOf(cell) + right];
    }
    for (let at = down > 0 ? row.nextElementSibling : row.previousElementSibling; at; at = down > 0 ? at.nextElementSibling : at.previousElementSibling) {
      const found = at.cells[column]?.querySelector('[data-cell]');
      if (found) return found;
    }
    return undefined;
  }
  press = e => {
    const cell = e.target.closest('[data-cell]');
    if (!cell || e.metaKey || e.ctrlKey || e.altKey) return;
    if (STEPS[e.key]) { this.near(cell, STEPS[e.key])?.focus(); e.preventDefault(); }
    else if (cell.dataset.url && (/^[\d.,:]$/.test(e.key) || e.key === 'F2')) { this.enter(cell, e.key === 'F2' ? undefined : e.key); e.preventDefault(); }
    else return;
    e.stopPropagation();
  };
  click = e => { const cell = e.target.closest('[data-cell][data-url]'); if (cell) this.enter(cell); };
  enter(cell, typed) {
    const input = Object.assign(document.createElement('input'), {className: 'input num time-input', value: typed ?? cell.textContent.trim(), autocomplete: 'off', inputMode: 'text'});
    input.setAttribute('aria-label', `${cell.getAttribute('aria-label')}. ${this.getAttribute('label')}`);
    const was = cell.textContent.trim();
    const end = to => { cell.hidden = false; input.onblur = null; input.remove(); to?.focus(); };
    // Whoever goes on typing isn't kept waiting: the next cell is ready before this one is saved.
    const keep = to => { const value = input.value.trim(); end(to); if (value && value !== was) this.save(cell, value, was); };
    input.onkeydown = e => {
      const to = {Enter: this.near(cell, STEPS.ArrowDown) ?? cell, Tab: this.near(cell, e.shiftKey ? STEPS.ArrowLeft : STEPS.ArrowRight)}[e.key];
      if (e.key === 'Escape') end(cell);
      else if (e.key === 'Enter' || (e.key === 'Tab' && to)) keep(to);
      else return;
      e.preventDefault();
      e.stopPropagation();
    };
    input.onblur = () => keep();
    cell.hidden = true;
    cell.after(input);
    input.focus();
    if (typed === undefined) input.select();
    return input;
  }
  async save(cell, value, was) {
    const week = this.closest('[data-live]');
    this.saving = (this.saving ?? 0) + 1;
    week.dataset.busy = '';
    cell.textContent = value;
    // A cell's next value waits for the former one, else they could arrive the other way round.
    // What makes an entry makes one: until the week is shown anew, its cell takes nothing more.
    const {url} = cell.dataset;
    if (!url.includes('/entries/')) delete cell.dataset.url;
    const saved = await (cell.saving = Promise.resolve(cell.saving).then(() => act(url, {...JSON.parse(cell.dataset.values ?? '{}'), minutes: value})));
    this.saving -= 1;
    if (!this.saving) delete week.dataset.busy;
    if (saved) return;
    cell.dataset.url = url;
    cell.textContent = was;
    if (!this.querySelector('.time-input')) this.enter(cell, value).setAttribute('aria-invalid', 'true');
  }
});
