// The rich text editor, bundled apart: "@psa/editor". What it edits and gives back is Markdown.
import {Editor, Extension} from '@tiptap/core';
import {Markdown} from '@tiptap/markdown';
import {Plugin} from '@tiptap/pm/state';
import {Placeholder} from '@tiptap/extensions';
import Kit from '@tiptap/starter-kit';

// Mentions are links to user:<id> while they are edited, and @[Name](user:<id>) in Markdown.
const inward = text => text.replace(/@\[([^\]\n]+)\]\((user:[\da-f-]{36})\)/gi, '[@$1]($2)');
const outward = text => text.replace(/\[@([^\]\n]+)\]\((user:[\da-f-]{36})\)/gi, '@[$1]($2)');
const link = {openOnClick: false, isAllowedUri: (url, {defaultValidate}) => /^user:[\da-f-]{36}$/i.test(url) || defaultValidate(url)};

// Typing @ or / at the start of a word asks `found(sign, words)`, keys go to `pressed` while it answers.
const signs = helper => Extension.create({
  name: 'signs',
  addProseMirrorPlugins() {
    return [new Plugin({
      view: () => ({update: view => {
        const {empty, $from} = view.state.selection;
        const match = empty && $from.parent.isTextblock && !$from.parent.type.spec.code
          ? /(?:^|\s)([@/])([^\s@/][^@/]{0,30})?$/.exec($from.parent.textBetween(0, $from.parentOffset, null, '\ufffc')) : null;
        if (match) helper.found(match[1], match[2] ?? '', {from: $from.pos - 1 - (match[2] ?? '').length, to: $from.pos});
        else helper.lost();
      }}),
      props: {handleKeyDown: (_, e) => helper.pressed(e)},
    })];
  },
});

export function rich(element, area, helper) {
  const editor = new Editor({
    element,
    injectCSS: false,
    extensions: [Kit.configure({heading: {levels: [3]}, link, underline: false}), Markdown, Placeholder.configure({placeholder: area.placeholder}), ...(helper ? [signs(helper)] : [])],
    content: inward(area.value),
    contentType: 'markdown',
    autofocus: 'end',
    editorProps: {
      attributes: {'aria-label': area.getAttribute('aria-label') ?? '', role: 'textbox', 'aria-multiline': 'true'},
      // Files that are pasted or dropped belong to the form, see the composer.
      handlePaste: (_, e) => e.clipboardData?.files.length > 0,
      handleDrop: (_, e) => e.dataTransfer?.files.length > 0,
    },
    onUpdate: ({editor: now}) => { area.value = now.isEmpty ? '' : outward(now.getMarkdown()); area.dispatchEvent(new Event('input', {bubbles: true})); },
  });
  return {
    focus: () => editor.commands.focus(),
    set: text => editor.commands.setContent(inward(text), {contentType: 'markdown', emitUpdate: true}),
    put: (text, range) => editor.chain().focus().insertContentAt(range ?? editor.state.selection, inward(text), {contentType: 'markdown'}).run(),
    mention: (id, name, range) => editor.chain().focus().insertContentAt(range, [{type: 'text', text: `@${name}`, marks: [{type: 'link', attrs: {href: `user:${id}`}}]}, {type: 'text', text: ' '}]).unsetMark('link').run(),
    destroy: () => editor.destroy(),
  };
}
