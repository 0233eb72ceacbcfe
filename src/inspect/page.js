// The lists of sizes become boxes in boxes, graphs zoom and light up. Nothing here is needed to read the page.
'use strict';
document.documentElement.classList.add('has-script');

// Boxes: squarified (Bruls, Huizing, van Wijk), in pixels of the view; a parent has its name above its children.
const view = document.getElementById('sizes');
const way = document.getElementById('way');
const children = box => [...(box.querySelector(':scope > ul')?.children ?? [])];
let top_box = view.querySelector('li');

function place(box, x, y, width, height) {
  box.style.left = x + 'px';
  box.style.top = y + 'px';
  box.style.width = width + 'px';
  box.style.height = height + 'px';
  const inside = children(box);
  box.classList.add('shown');
  box.classList.toggle('parent', inside.length > 0);
  const named = width > 34 && height >= 20; // a line of 16 pixels, its padding, and the borders
  box.classList.toggle('named', named);
  box.classList.toggle('sized', inside.length === 0 && width > 60 && height > 36);
  box.tabIndex = inside.length && named ? 0 : -1;
  if (width > 12 && height > 12) fill(inside, 2, height > 40 ? 19 : 2, width - 6, height - (height > 40 ? 23 : 6));
}

function fill(boxes, x, y, width, height) {
  const sized = boxes.map(box => ({box, size: +box.dataset.size})).filter(item => item.size > 0)
    .sort((a, b) => b.size - a.size);
  const scale = width * height / sized.reduce((sum, item) => sum + item.size, 0);
  while (sized.length && width > 1 && height > 1) {
    const side = Math.min(width, height);
    let row = [], area = 0, worst = Infinity;
    for (const item of sized) {
      const more = area + item.size * scale, least = item.size * scale, most = (row[0] ?? item).size * scale;
      const ratio = Math.max(side * side * most / (more * more), more * more / (side * side * least));
      if (ratio > worst) break;
      row.push(item);
      area = more;
      worst = ratio;
    }
    sized.splice(0, row.length);
    let at = 0;
    for (const item of row) {
      const long = item.size * scale / area * side, deep = area / side;
      if (width >= height) place(item.box, x, y + at, deep, long);
      else place(item.box, x + at, y, long, deep);
      at += long;
    }
    if (width >= height) { x += area / side; width -= area / side; } else { y += area / side; height -= area / side; }
  }
}

function show(box) {
  top_box = box;
  for (const shown of view.querySelectorAll('.shown')) shown.classList.remove('shown');
  way.replaceChildren();
  for (let above = box; above; above = above.parentElement.closest('#sizes li')) {
    above.classList.add('shown');
    above.style.left = above.style.top = '0px';
    above.style.width = above.style.height = '100%';
    if (box.parentElement.closest('#sizes li')) {
      const step = document.createElement('button');
      step.type = 'button';
      step.textContent = above.querySelector('span').textContent;
      step.onclick = () => show(above);
      way.prepend(step);
    }
  }
  place(box, 0, 0, view.clientWidth, view.clientHeight);
}

view.addEventListener('click', event => {
  const box = event.target.closest('li');
  if (box && children(box).length && box !== top_box) show(box);
});
view.addEventListener('keydown', event => {
  if (event.key === 'Enter') event.target.click();
  if (event.key === 'Escape') show(top_box.parentElement.closest('#sizes li') ?? top_box);
});
new ResizeObserver(() => show(top_box)).observe(view);
show(top_box);

// Graphs.
for (const graph of document.querySelectorAll('.graph')) {
  const svg = graph.querySelector('svg'), {width, height} = svg.viewBox.baseVal;
  let scale = 1;
  const zoom = to => {
    scale = Math.min(4, Math.max(0.1, to));
    svg.setAttribute('width', width * scale);
    svg.setAttribute('height', height * scale);
  };
  const fit = () => zoom(Math.min(1, graph.clientWidth / width));
  for (const button of graph.parentElement.querySelectorAll('[data-zoom]'))
    button.onclick = () => +button.dataset.zoom ? zoom(scale * button.dataset.zoom) : fit();
  const light = node => {
    for (const lit of svg.querySelectorAll('.lit')) lit.classList.remove('lit');
    svg.classList.toggle('dim', !!node);
    if (!node) return;
    const lit = new Set([node.dataset.node]);
    for (const edge of svg.querySelectorAll('.edge')) {
      if (edge.dataset.from !== node.dataset.node && edge.dataset.to !== node.dataset.node) continue;
      edge.classList.add('lit');
      lit.add(edge.dataset.from).add(edge.dataset.to);
    }
    for (const other of svg.querySelectorAll('.node')) other.classList.toggle('lit', lit.has(other.dataset.node));
  };
  svg.addEventListener('pointerover', event => light(event.target.closest('.node')));
  svg.addEventListener('pointerleave', () => light(null));
  svg.addEventListener('focusin', event => light(event.target.closest('.node')));
  svg.addEventListener('focusout', () => light(null));
  const begin = () => {
    zoom(Math.max(0.62, Math.min(1, graph.clientWidth / width))); // as small as can be read
    graph.scrollTop = (graph.scrollHeight - graph.clientHeight) / 2;
  };
  graph.closest('details').addEventListener('toggle', begin);
  begin();
}
