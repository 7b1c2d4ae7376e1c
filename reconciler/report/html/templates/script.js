"use strict";
// Search and filters: rows that do not match are hidden, and how many are left is told.
for (const box of document.querySelectorAll("[data-filters]")) {
  const rows = [...document.querySelectorAll(box.dataset.filters)];
  const words = rows.map((row) => (row.dataset.words || row.textContent).toLowerCase());
  const search = box.querySelector("input[type=search]");
  const facets = [...box.querySelectorAll("input[type=checkbox]")];
  const told = box.querySelector("[role=status]");
  const sift = () => {
    const wanted = search.value.trim().toLowerCase().split(/\s+/);
    const off = new Set(facets.filter((one) => !one.checked).map((one) => one.value));
    let left = 0;
    rows.forEach((row, place) => {
      const seen = wanted.every((word) => words[place].includes(word)) && !off.has(row.dataset.facet);
      row.hidden = !seen;
      left += seen;
    });
    told.textContent = left + " of " + rows.length + " shown";
  };
  box.addEventListener("input", sift);
  box.hidden = false;
  sift();
}
// A click on a column sorts by it: numbers as numbers, the rest as text.
const value = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent.trim();
};
const order = (one, other) => {
  const both = [Number(one), Number(other)];
  return one !== "" && other !== "" && both.every(Number.isFinite) ? both[0] - both[1] : one.localeCompare(other);
};
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].sort((one, other) => order(value(one, column), value(other, column)));
      table.tBodies[0].append(...(down ? rows.reverse() : rows));
    });
  });
}
// Paper cannot be clicked.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
});
