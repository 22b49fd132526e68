// The list of rules with its order, and the builder of conditions and actions.
import {act} from '@psa/ui';
import Sortable from '@psa/sortable';

customElements.define('psa-automation-order', class extends HTMLElement {
  connectedCallback() {
    const list = this.querySelector('ol');
    if (!list?.querySelector('.automation-grip')) return;
    this.sorting = Sortable.create(list, {handle: '.automation-grip', animation: 120, onEnd: () => this.send()});
    this.addEventListener('click', this.move);
  }
  disconnectedCallback() { this.sorting?.destroy(); this.removeEventListener('click', this.move); }
  move = e => {
    const button = e.target.closest('button[data-move]');
    if (!button) return;
    const row = button.closest('li'), up = button.dataset.move === '-1';
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row); else other.after(row);
    button.focus();
    this.send();
  };
  send() { return act(this.dataset.order, {ids: [...this.querySelectorAll('li')].map(li => li.dataset.id)}); }
});

const make = (tag, given = {}, ...inside) => {
  const el = Object.assign(document.createElement(tag), given);
  el.append(...inside);
  return el;
};
const select = (label, options, value, change) => {
  const el = make('select', {className: 'input', ariaLabel: label});
  for (const [key, title] of options) el.append(make('option', {value: key, textContent: title, selected: key === value}));
  el.addEventListener('change', () => change(el.value));
  return el;
};
const UNITS = [['days', 1440], ['hours', 60], ['minutes', 1]];
let count = 0;

customElements.define('psa-automation-rule', class extends HTMLElement {
  connectedCallback() {
    if (this.shape) return;
    this.shape = JSON.parse(this.dataset.shape);
    this.fields = new Map(this.shape.fields.map(field => [field.path, field]));
    this.tree = this.grouped(this.shape.conditions);
    this.steps = this.shape.steps;
    this.trigger = this.querySelector('[name=trigger_type]');
    this.trigger.addEventListener('change', this.toggle);
    this.toggle();
    this.draw();
  }
  disconnectedCallback() { this.trigger?.removeEventListener('change', this.toggle); }
  word(key) { return this.shape.words[key]; }
  toggle = () => {
    for (const part of this.querySelectorAll('[data-for]')) {
      part.hidden = !part.dataset.for.split(' ').includes(this.trigger.value);
      if (part.hidden) continue;
    }
    const level = this.querySelector('[name=level]');
    if (level?.closest('[data-for]').hidden) level.value = '';
  };

  // Conditions: a group is {word: 'all' | 'any' | 'none', parts: […]}, everything else a test.
  grouped(node) {
    const found = this.read(node);
    return found?.parts ? found : {word: 'all', parts: found ? [found] : []};
  }
  read(node) {
    if (node.all || node.any) return {word: node.all ? 'all' : 'any', parts: (node.all ?? node.any).map(part => this.read(part)).filter(Boolean)};
    if (node.not) { const inner = this.read(node.not); return {word: 'none', parts: inner?.parts && inner.word === 'any' ? inner.parts : inner ? [inner] : []}; }
    return node.field ? {...node} : null;
  }
  written(node) {
    if (!node.parts) return node;
    const parts = node.parts.map(part => this.written(part)).filter(part => Object.keys(part).length);
    if (!parts.length) return {};
    return node.word === 'none' ? {not: {any: parts}} : {[node.word]: parts};
  }
  store(changed = true) {
    const form = this.closest('form');
    form.elements.conditions.value = JSON.stringify(this.written(this.tree));
    form.elements.actions.value = JSON.stringify(this.steps);
    if (changed) form.elements.conditions.dispatchEvent(new Event('change', {bubbles: true}));
  }
  draw(changed = false) {
    this.querySelector('[data-part=conditions]').replaceChildren(this.group(this.tree));
    this.querySelector('[data-part=actions]').replaceChildren(...this.steps.map((step, at) => this.step(step, at)), this.adder());
    this.store(changed);
  }
  // Redraw, with the focus where it was.
  again(where) {
    this.draw(true);
    if (where) this.querySelectorAll(where)[0]?.focus();
  }
  button(label, glyph, run) {
    const el = make('button', {type: 'button', className: 'icon-btn', ariaLabel: label, title: label, textContent: glyph});
    el.addEventListener('click', run);
    return el;
  }

  group(node, drop) {
    const box = make('div', {className: 'automation-group'});
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', this.word('group'));
    const head = make('div', {className: 'automation-tools'});
    head.append(select(this.word('group'), ['all', 'any', 'none'].map(word => [word, this.word(word)]), node.word, word => { node.word = word; this.store(); }));
    if (drop) head.append(this.button(this.word('remove'), '×', drop));
    box.append(head);
    if (!node.parts.length && node === this.tree) box.append(make('p', {className: 'muted', textContent: this.word('nothing')}));
    node.parts.forEach((part, at) => {
      const gone = () => { node.parts.splice(at, 1); this.again(); };
      box.append(part.parts ? this.group(part, gone) : this.test(part, gone));
    });
    const tools = make('div', {className: 'automation-tools'});
    const add = (title, part) => {
      const el = make('button', {type: 'button', className: 'btn small', textContent: title});
      el.addEventListener('click', () => { node.parts.push(part()); this.again(); });
      tools.append(el);
    };
    const first = this.shape.fields[0];
    add(this.word('add_condition'), () => ({field: first.path, operator: Object.keys(first.operators)[0], value: ''}));
    add(this.word('add_group'), () => ({word: 'any', parts: []}));
    box.append(tools);
    return box;
  }
  chooser(fields, value, change) {
    const el = make('select', {className: 'input', ariaLabel: this.word('field')});
    if (!this.fields.has(value)) el.append(make('option', {value, textContent: value || this.word('choose'), selected: true}));
    for (const [group, title] of Object.entries(this.shape.groups)) {
      const inside = fields.filter(field => field.group === group);
      if (!inside.length) continue;
      el.append(make('optgroup', {label: title}, ...inside.map(field => make('option', {value: field.path, textContent: group ? `${title}: ${field.title}` : field.title, selected: field.path === value}))));
    }
    el.addEventListener('change', () => change(el.value));
    return el;
  }
  test(node, drop) {
    const row = make('div', {className: 'automation-row'}), field = this.fields.get(node.field);
    const fresh = path => {
      const next = this.fields.get(path);
      Object.assign(node, {field: path, operator: Object.keys(next.operators)[0], value: this.starting(next, Object.values(next.operators)[0])});
      this.again();
    };
    row.append(this.chooser(this.shape.fields, node.field, fresh));
    const operators = Object.keys(field?.operators ?? {[node.operator]: 'one'});
    row.append(select(this.word('operator'), operators.map(name => [name, this.shape.operators[name] ?? name]), node.operator, name => {
      const before = field.operators[node.operator];
      node.operator = name;
      if (field.operators[name] !== before) node.value = this.starting(field, field.operators[name]);
      if (field.operators[name] === 'nothing') delete node.value;
      this.again();
    }));
    row.append(field ? this.operand(field, node) : make('span'), this.button(this.word('remove'), '×', drop));
    return row;
  }
  starting(field, wants) {
    if (wants === 'minutes') return 1440;
    if (wants === 'many') return [];
    if (wants === 'nothing') return undefined;
    if (field.kind === 'boolean') return true;
    return this.choices(field)?.[0]?.[0] ?? '';
  }
  choices(field) { return field.choices?.length ? field.choices : this.shape.listed[field.target]; }
  operand(field, node) {
    const keep = value => { node.value = value; this.store(); };
    switch (field.operators[node.operator]) {
      case 'nothing': return make('span');
      case 'minutes': return this.duration(node.value, keep);
      case 'pattern': return this.text(node.value, keep, true);
      case 'many': return this.many(field, node.value ?? [], keep);
      default: return this.one(field, node.value, keep);
    }
  }
  one(field, value, keep, label = this.word('value')) {
    const choices = this.choices(field);
    if (field.kind === 'boolean') return select(label, [['true', this.word('yes')], ['false', this.word('no')]], String(value), held => keep(held === 'true'));
    if (choices) return select(label, [...(choices.some(([key]) => key === value) ? [] : [['', this.word('choose')]]), ...choices], value, keep);
    if (field.kind === 'reference') return this.picker(field.target, value ? [value] : [], false, held => keep(held[0] ?? ''), label);
    const el = this.text(value, keep, false, label);
    if (field.kind === 'number') { el.inputMode = 'decimal'; }
    if (field.kind === 'date') el.type = 'date';
    if (field.kind === 'instant') {
      el.type = 'datetime-local';
      el.value = value ? new Date(value).toISOString().slice(0, 16) : '';
      el.oninput = () => keep(el.value ? `${el.value}:00+00:00` : '');
    }
    return el;
  }
  text(value, keep, mono = false, label = this.word('value')) {
    const el = make('input', {className: mono ? 'input mono' : 'input', value: value ?? '', ariaLabel: label});
    el.oninput = () => keep(el.value);
    return el;
  }
  many(field, value, keep, label = this.word('value')) {
    const choices = this.choices(field);
    if (!choices && field.kind === 'reference') return this.picker(field.target, value, true, keep, label);
    if (!choices) return this.picker('', value, true, keep, label);
    const box = make('div', {className: 'chips'});
    for (const [key, title] of choices) {
      const check = make('input', {type: 'checkbox', className: 'vh', checked: value.includes(key)});
      check.addEventListener('change', () => { value = check.checked ? [...value, key] : value.filter(one => one !== key); keep(value); });
      box.append(make('label', {className: 'chip'}, check, title));
    }
    return box;
  }
  duration(value, keep) {
    const [unit, size] = UNITS.find(([, minutes]) => value % minutes === 0) ?? UNITS[2];
    const number = make('input', {className: 'input', type: 'number', min: 1, value: value / size, ariaLabel: this.word('value')});
    let held = unit;
    const told = () => keep(Math.max(1, Math.round(Number(number.value) || 1)) * UNITS.find(([name]) => name === held)[1]);
    number.oninput = told;
    return make('span', {className: 'automation-pair'}, number, select(this.word('unit'), UNITS.map(([name]) => [name, this.word(name)]).reverse(), unit, name => { held = name; told(); }));
  }
  picker(target, values, many, keep, label) {
    const el = document.createElement('psa-picker'), box = make('div', {className: 'picked'});
    if (target) el.setAttribute('src', this.shape.pick + target);
    if (many) el.setAttribute('multiple', '');
    el.setAttribute('name', '');
    for (const value of values) {
      const title = this.shape.names[value] ?? value;
      box.append(make('span', {}, title, make('input', {type: 'hidden', value}), make('button', {type: 'button', ariaLabel: `${this.word('remove')} ${title}`, textContent: '×'})));
    }
    const input = make('input', {type: 'text', autocomplete: 'off', ariaLabel: label, placeholder: target ? this.word('search') : ''});
    if (target) { input.setAttribute('role', 'combobox'); input.setAttribute('aria-autocomplete', 'list'); input.setAttribute('aria-expanded', 'false'); }
    box.append(input);
    el.append(box);
    el.addEventListener('change', e => {
      e.stopPropagation();
      for (const chip of box.querySelectorAll(':scope > span')) this.shape.names[chip.querySelector('input').value] ??= chip.firstChild.textContent;
      keep([...box.querySelectorAll('input[type=hidden]')].map(one => one.value));
    });
    return el;
  }

  // Actions: each a card with its parameters.
  adder() {
    const el = select(this.word('add_action'), [['', `+ ${this.word('add_action')}`], ...this.shape.actions.map(one => [one.name, one.title])], '', name => {
      if (!name) return;
      const step = {action: name};
      for (const one of this.shape.actions.find(action => action.name === name).parameters) {
        if (one.kind === 'choice' && one.required) step[one.name] = one.choices[0][0];
        if (one.kind === 'values') step[one.name] = {};
      }
      this.steps.push(step);
      this.again('[data-part=actions] > select');
    });
    return el;
  }
  step(step, at) {
    const known = this.shape.actions.find(action => action.name === step.action);
    const box = make('section', {className: 'automation-step'}), title = known?.title ?? step.action;
    box.setAttribute('aria-label', title);
    const swap = by => () => { const other = at + by; if (!this.steps[other]) return; [this.steps[at], this.steps[other]] = [this.steps[other], this.steps[at]]; this.again(); };
    box.append(make('header', {}, make('b', {textContent: `${at + 1}. ${title}`}), this.button(`${this.word('up')}: ${title}`, '↑', swap(-1)), this.button(`${this.word('down')}: ${title}`, '↓', swap(1)), this.button(`${this.word('remove')}: ${title}`, '×', () => { this.steps.splice(at, 1); this.again(); })));
    const fields = make('div', {className: 'fields'});
    for (const one of known?.parameters ?? []) fields.append(this.parameter(one, step));
    box.append(fields);
    return box;
  }
  parameter(one, step) {
    const keep = value => { if (value === '' || Array.isArray(value) && !value.length) delete step[one.name]; else step[one.name] = value; this.store(); };
    const id = `automation-${++count}`, value = step[one.name];
    const field = make('div', {className: ['long', 'values', 'tags', 'records'].includes(one.kind) ? 'field wide' : 'field'});
    const caption = make('span', {className: 'label', textContent: one.title});
    let control;
    switch (one.kind) {
      case 'long':
        control = make('textarea', {className: 'input', rows: 3, value: value ?? '', ariaLabel: one.title});
        control.oninput = () => keep(control.value);
        break;
      case 'boolean': {
        const check = make('input', {type: 'checkbox', className: 'switch', checked: Boolean(value), id});
        check.setAttribute('role', 'switch');
        check.addEventListener('change', () => keep(check.checked));
        field.append(make('label', {className: 'switch-row'}, check, make('span', {textContent: one.title})));
        return field;
      }
      case 'choice': control = select(one.title, one.required ? one.choices : [['', '–'], ...one.choices], value ?? '', keep); break;
      case 'record': control = this.shape.listed[one.target] ? select(one.title, [['', '–'], ...this.shape.listed[one.target]], value ?? '', keep) : this.picker(one.target, value ? [value] : [], false, held => keep(held[0] ?? ''), one.title); break;
      case 'records': control = this.many({kind: 'reference', target: one.target}, value ?? [], keep, one.title); break;
      case 'people': control = this.many({kind: 'choice', choices: this.shape.people}, value ?? [], keep, one.title); break;
      case 'tags': control = this.picker('', value ?? [], true, keep, one.title); break;
      case 'values': control = this.values(step, one.name); break;
      default: control = this.text(value, one.kind === 'integer' ? held => keep(Number(held)) : keep, false, one.title);
    }
    field.append(caption, control);
    if (one.help) field.append(make('small', {textContent: one.help}));
    return field;
  }
  values(step, name) {
    const box = make('div', {className: 'automation-group'}), writable = this.shape.fields.filter(field => field.writable && field.kind !== 'tags');
    for (const path of Object.keys(step[name])) {
      const field = this.fields.get(path), row = make('div', {className: 'automation-row automation-set'});
      const moved = to => { const value = this.starting(this.fields.get(to), 'one'); delete step[name][path]; step[name][to] = value; this.again(); };
      row.append(this.chooser(writable, path, moved), field ? this.one(field, step[name][path], value => { step[name][path] = value; this.store(); }) : make('span'), this.button(this.word('remove'), '×', () => { delete step[name][path]; this.again(); }));
      box.append(row);
    }
    const left = writable.filter(field => !(field.path in step[name]));
    const add = make('button', {type: 'button', className: 'btn small', textContent: this.word('add_field')});
    add.addEventListener('click', () => { const next = left.find(field => field.kind === 'reference') ?? left[0]; step[name][next.path] = this.starting(next, 'one'); this.again(); });
    box.append(make('div', {className: 'automation-tools'}, add));
    return box;
  }
});
