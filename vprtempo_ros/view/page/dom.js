// Elements of a page. Text is set as text, never as HTML.

export const at = (id) => document.getElementById(id);

export function element(name, words) {
  const made = document.createElement(name);
  made.textContent = words;
  return made;
}
