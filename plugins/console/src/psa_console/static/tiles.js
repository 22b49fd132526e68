// <psa-console-tiles>: widgets of the home page are dragged into another order; the buttons do the same by keyboard.
import Sortable from '@psa/sortable';
import {post} from '@psa/ui';

customElements.define('psa-console-tiles', class extends HTMLElement {
  connectedCallback() {
    this.sorting = Sortable.create(this, {animation: 140, handle: '.console-grip', onEnd: () => post(this.dataset.order, {ids: [...this.children].map(tile => tile.dataset.tile)})});
  }
  disconnectedCallback() { this.sorting.destroy(); }
});
