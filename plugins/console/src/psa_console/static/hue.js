// <psa-console-hue>: tries the organisation's colour on the page before it is saved.
customElements.define('psa-console-hue', class extends HTMLElement {
  connectedCallback() {
    this.number = this.querySelector('input[name=hue]');
    this.before = document.documentElement.style.getPropertyValue('--brand-h');
    for (const swatch of this.querySelectorAll('[data-hue]')) swatch.style.setProperty('--hue', swatch.dataset.hue);
    this.addEventListener('input', this.try);
  }
  disconnectedCallback() { if (this.before) this.show(this.before); else document.documentElement.style.removeProperty('--brand-h'); }
  show(hue) { document.documentElement.style.setProperty('--brand-h', hue); }
  try = e => {
    if (e.target.name === 'preset') { this.number.value = e.target.value; this.number.dispatchEvent(new Event('change', {bubbles: true})); }
    if (this.number.checkValidity() && this.number.value !== '') this.show(this.number.value);
  };
});
