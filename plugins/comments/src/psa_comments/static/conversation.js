// <psa-comments-composer data-draft=key>: keeps what is typed until it is sent, takes files that are dropped or pasted,
// and switches between kinds of notes.

customElements.define('psa-comments-composer', class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector('form');
    this.editor = this.querySelector('psa-editor');
    this.area = this.querySelector('textarea[name=content]');
    this.input = this.querySelector('input[type=file]');
    this.key = `psa-draft ${this.dataset.draft}`;
    this.form.addEventListener('input', this.keep);
    this.form.addEventListener('change', this.changed);
    this.addEventListener('psa:done', this.sent);
    this.addEventListener('click', this.click);
    this.addEventListener('paste', this.paste, true);
    this.addEventListener('keydown', this.press);
    for (const kind of ['dragover', 'dragleave', 'drop']) this.addEventListener(kind, this.drag, true);
    queueMicrotask(() => this.restore());
  }
  press = e => { if (e.key === 'Enter' && (e.metaKey || e.ctrlKey) && !e.defaultPrevented) { e.preventDefault(); this.form.requestSubmit(); } };
  get kind() { return this.form.elements.kind.value; }
  restore() {
    const kept = JSON.parse(localStorage.getItem(this.key) ?? 'null');
    if (!kept?.content) return;
    const radio = this.form.querySelector(`[name=kind][value="${CSS.escape(kept.kind)}"]`);
    if (radio) radio.checked = true;
    this.editor.value = kept.content;
    this.querySelector('psa-form').classList.add('dirty');
  }
  keep = () => {
    if (this.area.value.trim()) localStorage.setItem(this.key, JSON.stringify({kind: this.kind, content: this.area.value}));
    else localStorage.removeItem(this.key);
  };
  changed = e => {
    if (e.target === this.input) this.list();
    if (e.target.name === 'kind') {
      const then = e.target.closest('label').dataset.then, select = this.form.elements.status;
      if (select) select.value = then;
      this.keep();
      this.editor.focus();
    }
  };
  sent = () => { localStorage.removeItem(this.key); this.input.value = ''; this.list(); this.keep(); if (!this.area.value) document.activeElement?.blur?.(); };
  click = e => {
    const drop = e.target.closest('[data-drop]');
    if (drop) { const left = [...this.input.files]; left.splice(Number(drop.dataset.drop), 1); this.take(left, true); }
    const kind = e.target.closest('.composer-top label');
    if (kind && kind.querySelector('input').checked) this.editor.focus();
    if (e.target.closest('[data-snippets]')) this.editor.insert('/');
  };
  paste = e => { const files = [...e.clipboardData?.files ?? []]; if (files.length) { e.preventDefault(); this.take(files); } };
  drag = e => {
    if (!e.dataTransfer?.types.includes('Files')) return;
    e.preventDefault();
    this.classList.toggle('over', e.type === 'dragover');
    if (e.type === 'drop') { e.stopPropagation(); this.take([...e.dataTransfer.files]); }
  };
  take(files, instead = false) {
    const all = new DataTransfer();
    for (const file of [...instead ? [] : this.input.files, ...files]) all.items.add(file);
    this.input.files = all.files;
    this.list();
  }
  list() {
    const box = this.querySelector('.composer-files'), files = [...this.input.files];
    box.hidden = !files.length;
    box.replaceChildren(...files.map((file, i) => {
      const chip = document.createElement('span'), drop = Object.assign(document.createElement('button'), {type: 'button', textContent: '×'});
      drop.dataset.drop = i;
      drop.setAttribute('aria-label', `× ${file.name}`);
      chip.append(file.name, drop);
      return chip;
    }));
  }
});
