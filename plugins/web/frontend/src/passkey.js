// <psa-passkey>: makes a passkey or shows one (WebAuthn), and goes where the server leads. Loaded where one is wanted.
import {csrf} from './ui.js';

async function post(url, body) {
  const answer = await fetch(url, {method: 'POST', headers: {'Content-Type': 'application/json', 'PSA-Action': '1', 'X-CSRF-Token': csrf()}, body: JSON.stringify(body)});
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.faults?.[0]?.detail || told.detail);
  return told;
}
customElements.define('psa-passkey', class extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) { this.hidden = true; return; }
    this.hidden = false;
    this.querySelector('button').addEventListener('click', this.run);
  }
  value(name) { return (this.querySelector(`[name=${name}]`) ?? this.closest('form')?.elements[name])?.value ?? ''; }
  run = async () => {
    const fault = this.querySelector('.fault'), button = this.querySelector('button');
    fault.textContent = '';
    button.disabled = true;
    try {
      const organisation = this.value('organisation'), {use, url} = this.dataset;
      const {publicKey} = await post(`${url}/options`, {organisation});
      const credential = use === 'make'
        ? await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey)})
        : await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey)});
      const told = await post(url, {organisation, next: this.value('next'), name: this.value('name'), credential: credential.toJSON()});
      if (told.go) location.assign(told.go); else document.querySelector(this.dataset.target).innerHTML = told.html;
    } catch (error) {
      // The browser's own refusals are in its language and say little: one text for all of them.
      fault.textContent = error instanceof DOMException ? this.dataset.refused : error.message;
      fault.focus();
    } finally { button.disabled = false; }
  };
});
