// The rich text editor, bundled apart: "@psa/editor".
import {Editor} from '@tiptap/core';
import Kit from '@tiptap/starter-kit';

export const rich = (element, area) => new Editor({
  element,
  injectCSS: false,
  extensions: [Kit.configure({heading: {levels: [3]}})],
  content: area.value,
  autofocus: 'end',
  editorProps: {attributes: {'aria-label': area.getAttribute('aria-label') ?? '', role: 'textbox', 'aria-multiline': 'true'}},
  onUpdate: ({editor}) => { area.value = editor.isEmpty ? '' : editor.getHTML(); area.dispatchEvent(new Event('input', {bubbles: true})); },
});
