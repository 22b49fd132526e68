// Forms and buttons that act: one protocol, answers in JSON, faults at their fields.
import {act, follow, post, toast, words} from '../ui.js';

const fieldOf = (form, name) => form.querySelector(`[name="${CSS.escape(name)}"]`);

// <psa-form><form action=… method=post>: sends, shows every fault where it belongs, keeps the text.
customElements.define('psa-form', class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector('form');
    this.form.addEventListener('submit', this.send);
    this.form.addEventListener('input', this.touch);
    this.form.addEventListener('change', this.touch);
    this.form.noValidate = true;
    addEventListener('beforeunload', this.leaving);
    if (this.hasAttribute('inline')) this.begin();
  }
  disconnectedCallback() { removeEventListener('beforeunload', this.leaving); }
  leaving = e => { if (this.classList.contains('dirty') && this.hasAttribute('guarded')) e.preventDefault(); };
  // Alone in the place of a value: Escape and the button put the value back.
  begin() {
    this.querySelector('input:not([type=hidden]),select,textarea')?.focus();
    this.addEventListener('keydown', e => { if (e.key === 'Escape') { e.stopPropagation(); this.giveUp(); } });
    this.querySelector('[data-cancel]').addEventListener('click', () => this.giveUp());
  }
  giveUp() {
    this.classList.remove('dirty');
    document.activeElement?.blur();
    this.closest('[data-live]')?.dispatchEvent(new CustomEvent('psa:live'));
  }
  touch = e => {
    this.newer = true;
    this.classList.add('dirty');
    const note = this.querySelector('.save-bar > span'); if (note) note.textContent = words('unsaved');
    if (e.target.name) this.fault(e.target.name, '');
    if (this.hasAttribute('instant') && e.type === 'change') this.form.requestSubmit();
  };
  fault(name, text) {
    const place = this.querySelector(`[data-fault="${CSS.escape(name)}"]`);
    if (place) place.textContent = text;
    const input = this.querySelector(`[data-field="${CSS.escape(name)}"]`) ?? fieldOf(this.form, name);
    if (input) { if (text) input.setAttribute('aria-invalid', 'true'); else input.removeAttribute('aria-invalid'); }
    return place ? input ?? place : null;
  }
  send = async e => {
    e.preventDefault();
    if (this.classList.contains('busy')) { if (this.newer) this.again = e; return; }
    this.classList.add('busy');
    this.again = null;
    this.querySelectorAll('[data-address]').forEach(x => { x.value = document.getElementById('results')?.dataset.address ?? location.search; });
    this.querySelectorAll('[data-fault]').forEach(x => { if (x.textContent) this.fault(x.dataset.fault, ''); });
    const data = new FormData(this.form, e.submitter?.name ? e.submitter : undefined);
    this.newer = false;
    const files = [...data.values()].some(v => v instanceof File);
    let refused = false;
    try {
      const result = await follow(await post(e.submitter?.getAttribute('formaction') ?? this.form.getAttribute('action'), files ? data : new URLSearchParams(data)));
      refused = Boolean(result?.detail);
      if (refused) this.show(result);
      else {
        if (!this.newer) { this.classList.remove('dirty'); const note = this.querySelector('.save-bar > span'); if (note) note.textContent = ''; }
        if (result?.answer?.html !== undefined) this.put(result.answer.html);
        if (result) { this.closest('dialog')?.close(); this.closest('[popover]')?.hidePopover(); }
        if (this.hasAttribute('inline')) document.activeElement?.blur();
        if (result && this.hasAttribute('reset')) { if (this.newer) this.keep(data); else this.form.reset(); }
        this.dispatchEvent(new CustomEvent('psa:done', {bubbles: true, detail: result?.answer}));
      }
    } catch { toast(words('offline'), {bad: true}); } finally { this.classList.remove('busy'); }
    // Mended and sent once more while the refusal was on its way.
    if (refused && this.again) this.form.requestSubmit(this.again.submitter);
  };
  // What was written on while it was sent: only what was sent goes.
  keep(data) {
    for (const area of this.form.querySelectorAll('textarea[name]')) {
      const sent = data.get(area.name);
      if (sent && area.value.startsWith(sent)) (area.closest('psa-editor') ?? area).value = area.value.slice(sent.length).trimStart();
    }
  }
  show({detail, faults}) {
    const places = [], rest = [];
    for (const {field, detail: text} of faults) { const at = field ? this.fault(field, text) : null; if (at) places.push(at); else rest.push(text); }
    places.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    let first = places[0] ?? null;
    if (!faults.length) rest.push(detail);
    const summary = this.querySelector('[data-fault=""]');
    if (rest.length) { if (summary) { summary.textContent = rest.join(' '); first ??= summary; } else toast(rest.join(' '), {bad: true}); }
    (first?.matches('input,select,textarea,button') ? first : first?.querySelector('input,select,textarea,button'))?.focus();
    first?.scrollIntoView({block: 'center'});
  }
  put(html) {
    const target = document.querySelector(this.form.dataset.target ?? '');
    if (!target) return;
    target.innerHTML = html;
    // Nothing else tells it again: it stays when the part around it is renewed.
    target.dataset.once = '';
    window.htmx.process(target);
  }
});

// <button data-copy="id">: what the element says is copied. Without HTTPS there is no clipboard but the selection's.
document.addEventListener('click', async e => {
  const button = e.target.closest('button[data-copy]');
  if (!button) return;
  const shown = document.getElementById(button.dataset.copy);
  getSelection().selectAllChildren(shown);
  const done = navigator.clipboard ? await navigator.clipboard.writeText(shown.textContent).then(() => true, () => false) : document.execCommand('copy');
  toast(words(done ? 'copied' : 'failed'), {bad: !done});
});

// <button data-post="/ui/…" data-confirm="…">
document.addEventListener('click', async e => {
  const button = e.target.closest('button[data-post]');
  if (!button || button.disabled) return;
  e.preventDefault();
  if (button.dataset.confirm && !(await asked(button.dataset.confirm, button.dataset.verb ?? button.textContent.trim()))) return;
  button.closest('[popover]')?.hidePopover();
  button.disabled = true;
  await act(button.dataset.post, JSON.parse(button.dataset.values ?? '{}'));
  button.disabled = false;
});

export function asked(question, verb) {
  const dialog = document.getElementById('ask');
  dialog.querySelector('p').textContent = question;
  const yes = dialog.querySelector('[value=yes]');
  yes.textContent = verb;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise(done => dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), {once: true}));
}
