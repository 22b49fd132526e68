// A custom element that says it is there, and undoes nothing because it does nothing else.
customElements.define('psa-dummy-depot', class extends HTMLElement {
  connectedCallback() { this.textContent = 'The depot is open.'; }
});
