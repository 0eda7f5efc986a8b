// The only place that creates elements. Text goes in as text nodes, never as HTML: data cannot become markup.

const SVG = "http://www.w3.org/2000/svg";

// h("a.button", {href: "#/", onclick}, "text", node, null, [more]) creates an element. Properties that begin with "on"
// are listeners; true sets an empty attribute; null and false set none.
export function h(name, properties, ...children) {
  const [tag, ...classes] = name.split(".");
  return fill(document.createElement(tag || "div"), classes, properties, children);
}

// The same for SVG.
export function svg(name, properties, ...children) {
  const [tag, ...classes] = name.split(".");
  return fill(document.createElementNS(SVG, tag), classes, properties, children);
}

function fill(element, classes, properties, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    // A property and not an attribute: the policy forbids style attributes, and a value changes after typing.
    else if (key === "style") {
      for (const [name, text] of Object.entries(value)) {
        element.style.setProperty(name, text);
      }
    } else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) =>
    child !== null && child !== undefined && child !== false
  );
}

export function replace(parent, ...children) {
  parent.replaceChildren(...nodes(children));
  return parent;
}

let ids = 0;
export const newId = (stem) => `${stem}-${++ids}`;

// Announces a text to screen readers: politely, or at once for errors. The regions are in index.html.
export function announce(text, { urgent = false } = {}) {
  const region = document.getElementById(urgent ? "alerts" : "news");
  region.textContent = "";
  // A text is read again only if the region changes after a pause.
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}
