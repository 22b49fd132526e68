// <psa-editor [people=url] [snippets=url]><textarea>: rich text from the first focus on, fetched then; the textarea holds
// the Markdown that is sent. "@" offers people, "/" offers texts; both lists are options as pickers get them.
import {post, toast, words} from '../ui.js';

customElements.define('psa-editor', class extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector('textarea');
    this.area.addEventListener('focus', this.begin, {once: true});
    // A form around it may have put the focus there before.
    if (document.activeElement === this.area) this.begin().then(() => this.editor?.focus());
    this.addEventListener('keydown', this.press);
    this.form = this.closest('form');
    this.form?.addEventListener('reset', this.clear);
  }
  disconnectedCallback() { this.editor?.destroy(); this.form?.removeEventListener('reset', this.clear); this.asking?.abort(); }
  focus() { if (this.editor) this.editor.focus(); else this.area.focus(); }
  get value() { return this.area.value; }
  set value(text) { this.area.value = text; this.editor?.set(text); }
  clear = () => { this.value = ''; };
  async insert(text) { await this.begin(); this.editor.put(text); }
  begin = async () => {
    const {rich} = await (this.loading ??= import('../editor.js'));
    if (this.editor || !this.isConnected) return;
    const box = document.createElement('div');
    this.append(box);
    this.area.hidden = true;
    this.editor = rich(box, this.area, this);
    this.list = Object.assign(document.createElement('div'), {className: 'picker-list', hidden: true});
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', words('suggestions'));
    this.list.addEventListener('pointerdown', e => { e.preventDefault(); this.take(e.target.closest('.option')); });
    this.append(this.list);
  };
  press = e => { if (e.key === 'Enter' && (e.metaKey || e.ctrlKey)) { e.preventDefault(); this.form?.requestSubmit(); } };
  async found(sign, sought, range) {
    const src = this.getAttribute(sign === '@' ? 'people' : 'snippets'), key = sign + sought;
    this.range = range;
    if (!src || key === this.sought) return;
    this.sought = key;
    this.sign = sign;
    this.asking?.abort();
    this.asking = new AbortController();
    const url = new URL(src, location);
    url.searchParams.set('q', sought);
    const options = await fetch(url, {signal: this.asking.signal, headers: {'HX-Request': 'true'}}).then(got => (got.ok ? got.text() : null)).catch(() => null);
    if (options === null || this.sought !== key) return;
    this.list.innerHTML = options;
    this.options.forEach((option, i) => { option.id = `suggestion-${i}`; });
    this.list.hidden = !this.options.length;
    this.pick(0);
  }
  lost() { this.sought = ''; if (this.list) this.list.hidden = true; }
  get options() { return [...this.list.querySelectorAll('.option')]; }
  pick(n) {
    const options = this.options; if (!options.length) return;
    this.at = (n + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute('aria-selected', i === this.at));
    options[this.at].scrollIntoView({block: 'nearest'});
  }
  pressed(e) {
    if (!this.list || this.list.hidden) return false;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') this.pick(this.at + (e.key === 'ArrowDown' ? 1 : -1));
    else if ((e.key === 'Enter' || e.key === 'Tab') && !e.ctrlKey && !e.metaKey) this.take(this.options[this.at]);
    else if (e.key === 'Escape') { this.list.hidden = true; e.stopPropagation(); }
    else return false;
    e.preventDefault();
    return true;
  }
  async take(option) {
    if (!option) return;
    const {range, sign} = this;
    this.list.hidden = true;
    if (sign === '@') this.editor.mention(option.dataset.value, option.dataset.label, range);
    else { const text = await this.text(option.dataset.text); if (text !== null) this.editor.put(text, range); }
  }
  // A text with its placeholders filled in.
  async text(url) {
    const got = await post(url).catch(() => null), answer = await got?.json().catch(() => null);
    if (!got?.ok) { toast(answer?.detail ?? words('offline'), {bad: true}); return null; }
    return new DOMParser().parseFromString(answer.html, 'text/html').body.textContent.trim();
  }
});
