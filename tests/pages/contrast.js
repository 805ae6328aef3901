// Texts and marks that stand out too little, as a list of lines; called with the least contrast of both.
([leastText, leastMark]) => {
  const parse = (text) => {
    const found = /^rgba?\((.+)\)$/.exec(text) || /^color\(srgb (.+)\)$/.exec(text);
    if (!found) return null;
    const parts = found[1].split(/[ ,/]+/).map(Number);
    const scale = text.startsWith("color") ? 255 : 1;
    return [...parts.slice(0, 3).map((part) => part * scale), parts[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3])).concat(1);
  const luminance = (colour) => {
    const linear = colour.slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (first, second) => {
    const [dark, light] = [luminance(first), luminance(second)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const above = (part) => { const all = []; for (let at = part; at; at = at.parentElement) all.push(at); return all; };
  const ground = (part) => above(part).reverse().map((at) => parse(getComputedStyle(at).backgroundColor))
    .reduce((under, colour) => (colour ? over(colour, under) : under), [255, 255, 255, 1]);
  const opacity = (part) => above(part).reduce((all, at) => all * Number(getComputedStyle(at).opacity), 1);
  const seen = (part) => { const box = part.getBoundingClientRect(); return box.width > 1 && box.height > 1
    && getComputedStyle(part).visibility === "visible"; };
  const faded = (colour, share) => [...colour.slice(0, 3), colour[3] * share];
  const weak = [];
  const note = (colour, under, least, what) => {
    if (!colour || colour[3] === 0) return;
    const found = contrast(over(colour, under), under);
    if (found < least) weak.push(`${found.toFixed(2)} ${what}`);
  };
  const icon = '[data-testid="stIconMaterial"]';
  const idle = '[disabled], [aria-disabled="true"], [data-testid="stStatusWidget"], .modebar, .hoverlayer';

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const part = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || ["SCRIPT", "STYLE", "title"].includes(part.tagName) || part.closest(idle) || !seen(part)) continue;
    const drawing = part.closest("svg"), slider = part.closest('[data-testid="stSlider"], [data-testid="stSelectSlider"]');
    const style = getComputedStyle(part), colour = parse(drawing ? style.fill : style.color);
    if (!colour) continue;
    const page = ground(drawing ? drawing.parentElement : slider || part);
    const bar = part.closest(".bartext-inside") && part.closest(".point").querySelector("path");
    const under = bar ? over(parse(getComputedStyle(bar).fill), page) : page;
    const isMark = part.closest(icon) || /^[\u25a0-\u25ff\u2605]+$/.test(text); // shapes of a legend, written as text
    note(faded(colour, opacity(part)), under, isMark ? leastMark : leastText, `text "${text.slice(0, 40)}"`);
  }
  for (const field of document.querySelectorAll("input[placeholder], textarea[placeholder]")) {
    if (!field.placeholder || field.disabled || !seen(field)) continue;
    const style = getComputedStyle(field, "::placeholder");
    const colour = faded(parse(style.color), Number(style.opacity || 1) * opacity(field));
    note(colour, ground(field), leastText, `placeholder "${field.placeholder.slice(0, 40)}"`);
  }
  for (const mark of document.querySelectorAll(".js-plotly-plot .scatterlayer .legendpoints path, .js-plotly-plot .bars path")) {
    if (!seen(mark)) continue;
    const style = getComputedStyle(mark), under = ground(mark.closest("svg").parentElement);
    const filled = parse(style.fill), drawn = parse(style.stroke);
    const colours = [filled && faded(filled, Number(style.fillOpacity)), drawn && faded(drawn, Number(style.strokeOpacity))];
    const best = colours.filter((colour) => colour && colour[3] > 0)
      .sort((a, b) => contrast(over(b, under), under) - contrast(over(a, under), under))[0];
    note(best, under, leastMark, "mark of a figure");
  }
  return [...new Set(weak)];
}
