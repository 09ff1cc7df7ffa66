"use strict";
// Everything is readable without this script; it only makes the list of utterances quicker to use.
const utterances = [...document.querySelectorAll("details.utterance")];
const filter = document.getElementById("filter");
const shown = document.getElementById("shown");

const visible = () => utterances.filter((utterance) => !utterance.hidden);

function apply() {
  for (const utterance of utterances) {
    const kinds = utterance.dataset.kinds.split("|");
    utterance.hidden = filter.value !== "" && !kinds.includes(filter.value);
  }
  shown.textContent = `${visible().length} of ${utterances.length} shown`;
}

function step(by) {
  const list = visible();
  const at = list.findIndex((utterance) => utterance.contains(document.activeElement));
  const next = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by];
  if (next) {
    next.open = true;
    next.querySelector("summary").focus();
  }
}

function play() {
  const utterance = utterances.find((each) => each.contains(document.activeElement));
  const sound = utterance && utterance.querySelector("audio");
  if (sound) {
    if (sound.paused) sound.play(); else sound.pause();
  }
}

if (filter) {
  filter.addEventListener("change", apply);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("select, input")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "p") play();
  });
}
