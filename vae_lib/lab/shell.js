// What all labs share: the elements on the page, and how they answer mouse, touch and keyboard.
// A lab is drawn as text, so that the book's build, which has no browser, draws its first picture;
// `mount` then brings what stands on the page to life, or draws it first where nothing stands yet.

import { Loop } from "./engine/training.js";
import { HEIGHT, WIDTH } from "./plot.js";

const SILENCE = 300; // milliseconds without a change before a change is told
const LONGEST = 20000; // steps of a run that is not shown, where motion is not wanted
const SELDOM = 1000; // milliseconds between two pictures of a long run there

/** @typedef {import("./words.js").Language} Language */
/** @typedef {Record<string, number | boolean>} Settings what a reader or Python sets */
/** @typedef {Record<string, number | boolean | number[]>} Numbers what a lab shows, settings among it */
/** @typedef {import("./engine/packed.js").Packed} Packed what travels apart: networks, digits */

/**
 * @typedef {object} Range a number with a slider
 * @property {number} min
 * @property {number} max
 * @property {number} step of the slider: a difference, or on a logarithmic one a quotient less 1
 * @property {boolean} [log]
 * @property {(value: number) => string} say
 */

/**
 * @typedef {object} Model the state of an open lab
 * @property {(settings: Settings) => void} set
 * @property {() => Numbers} numbers
 * @property {(button: string) => (() => boolean) | void} press a button: at once, or by
 *   giving one step of a run; a step that returns false ends the run
 */

/**
 * @template {Model} M
 * @typedef {object} Panel a drawing
 * @property {(model: M, words: any) => string} draw
 * @property {{at: (model: M) => [number, number], to: (x: number, y: number) => Settings, ring?: boolean}} [handle]
 *   what can be dragged: its place in units of the drawing, what a place stands for, and whether
 *   what lies below shows through
 * @property {{x: number, y: number, side: number, to: (model: M, x: number, y: number, first: boolean) => void}[]} [pads]
 *   squares to draw in, and what hears of each place in one, from 0 to 1, and where a line begins
 */

/**
 * @typedef {object} Words of one language
 * @property {string} name of the lab
 * @property {Record<string, string>} controls by the names of ranges, switches and buttons
 * @property {string[]} panels what each drawing shows
 * @property {(numbers: any) => string} sentence the numbers, as a sentence
 */

/**
 * @template {Model} M
 * @typedef {object} Lab
 * @property {Record<string, Range>} ranges
 * @property {string[]} switches settings that are on or off
 * @property {string[]} buttons the last one, `again`, opens the lab anew
 * @property {Panel<M>[]} panels
 * @property {Record<Language, Words & Record<string, any>>} words
 * @property {(settings: any, packed: any) => M} open
 * @property {(keyof Packed)[]} [needs] what has to come before it opens
 * @property {number} [budget] milliseconds of steps before each picture, of a run that goes on while
 *   something is set; without it one step a picture, and a run that ends then
 */

/**
 * A lab as HTML, at its start.
 * @param {Lab<any>} lab
 * @param {Language} language
 * @param {Settings} start
 * @param {string} id begins the ids inside
 * @param {Packed} packed
 * @returns {string}
 */
export function markup(lab, language, start, id, packed) {
  const words = lab.words[language];
  const model = lab.open(start, packed);
  const panels = lab.panels.map((panel, i) => {
    const handle = panel.handle
      ? `<g class="handle${panel.handle.ring ? " ring" : ""}" ${moved(panel.handle.at(model))}><circle class="grip" r="22"/><circle r="9"/></g>`
      : "";
    const pads = (panel.pads ?? []).map(
      ({ x, y, side }) => `<rect class="pad" x="${x}" y="${y}" width="${side}" height="${side}"/>`,
    );
    return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words.panels[i]}"><g class="drawing">${panel.draw(model, words)}</g>${handle}${pads.join("")}</svg>`;
  });
  const ranges = Object.entries(lab.ranges).map(([name, range]) => {
    const [min, max, value] = [range.min, range.max, start[name]].map((n) => track(range, +n));
    const step = range.log ? Math.log1p(range.step) : range.step;
    const said = range.say(+start[name]);
    return `<div class="range"><label for="${id}-${name}">${words.controls[name]}</label><output aria-live="off">${said}</output><input type="range" id="${id}-${name}" name="${name}" min="${min}" max="${max}" step="${step}" value="${value}" aria-valuetext="${said}" autocomplete="off"></div>`;
  });
  const switches = lab.switches.map(
    (name) =>
      `<label class="switch"><input type="checkbox" name="${name}" autocomplete="off"${start[name] ? " checked" : ""}> ${words.controls[name]}</label>`,
  );
  const buttons = lab.buttons.map(
    (name) => `<button type="button" name="${name}">${words.controls[name]}</button>`,
  );
  return `<div class="panels">${panels.join("")}</div><p class="numbers">${words.sentence(model.numbers())}</p><div class="controls">${ranges.join("")}<div class="actions">${switches.join("")}${buttons.join("")}</div></div><p class="status" role="status"></p>`;
}

/** @type {(place: [number, number]) => string} */
const moved = ([x, y]) => `transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"`;

/** The place of a number on the slider's track. @type {(range: Range, value: number) => number} */
const track = (range, value) => (range.log ? Math.log(value) : value);

/**
 * Bring a lab to life.
 * @param {HTMLElement} root which holds the lab's markup, or nothing yet
 * @param {Lab<any>} lab
 * @param {Language} language
 * @param {Settings} start
 * @param {Packed | (() => Promise<Packed>)} source what the lab needs, or how it comes when the
 *   reader first reaches for the lab
 * @param {(numbers: Numbers) => void} [changed] is told what the lab shows, after each change
 * @returns {{set: (settings: Settings) => void, stop: () => void}} for who else sets something
 */
export function mount(root, lab, language, start, source, changed = () => {}) {
  const words = lab.words[language];
  /** @type {Packed} */
  let packed = {};
  /** @type {any} */
  let model;
  /** @type {(() => void)[]} what the reader did before the model was there */
  const waiting = [];
  if (!root.firstElementChild) {
    const id = `lab-${Math.random().toString(36).slice(2)}`;
    root.innerHTML = markup(lab, language, start, id, /** @type {Packed} */ (source));
  }
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", words.name);
  const [panels, sentence, status] = [".panels", ".numbers", ".status"].map(
    (selector) => /** @type {HTMLElement} */ (root.querySelector(selector)),
  );
  const drawings = [...panels.children];
  const inputs = [...root.querySelectorAll("input")];
  /** @type {Loop | undefined} */
  let run;
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  let shown = 0; // when
  /** @type {string[]} what the drawings show */
  const pictures = [];

  /** @param {Packed} [come] */
  function open(come = {}) {
    packed = come;
    model = lab.open(start, packed);
    root.dataset.state = JSON.stringify(model.numbers());
    for (const action of waiting) action();
  }

  /** @param {() => void} action of the reader's, now or when the model is there */
  function then(action) {
    if (model) action();
    else waiting.push(action);
  }

  function show() {
    shown = performance.now();
    const numbers = model.numbers();
    for (const [i, panel] of lab.panels.entries()) {
      const [drawing, handle] = drawings[i].children;
      const drawn = panel.draw(model, words);
      if (drawn !== pictures[i]) drawing.innerHTML = drawn;
      pictures[i] = drawn;
      if (panel.handle) {
        const [x, y] = panel.handle.at(model);
        handle.setAttribute("transform", `translate(${x} ${y})`);
      }
    }
    for (const input of inputs) {
      const range = lab.ranges[input.name];
      if (!range) input.checked = Boolean(numbers[input.name]);
      else {
        const value = Number(numbers[input.name]);
        const said = range.say(value);
        if (said !== input.getAttribute("aria-valuetext")) {
          input.value = String(track(range, value));
          input.setAttribute("aria-valuetext", said);
          /** @type {HTMLOutputElement} */ (input.previousElementSibling).value = said;
        }
      }
    }
    const said = words.sentence(numbers);
    sentence.textContent = said;
    root.dataset.state = JSON.stringify(numbers);
    clearTimeout(timer);
    timer = setTimeout(() => {
      status.textContent = said;
      changed(numbers);
    }, SILENCE);
  }

  function stop() {
    run?.pause();
    run = undefined;
    for (const button of root.querySelectorAll("button[aria-pressed]"))
      button.removeAttribute("aria-pressed");
  }

  /** @param {Settings} settings */
  function set(settings) {
    if (!lab.budget) stop();
    model.set(within(lab, settings));
    show();
  }

  /** @param {HTMLButtonElement} button */
  function press(button) {
    const again = button.hasAttribute("aria-pressed");
    stop();
    if (button.name === "again") model = lab.open(start, packed);
    const step = again || button.name === "again" ? undefined : model.press(button.name);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (step && still && !lab.budget) for (let i = 0; i < LONGEST && step() !== false; i++);
    else if (step) {
      const loop = new Loop(
        step,
        () => {
          if (loop.finished) stop();
          if (loop.finished || !still || performance.now() - shown > SELDOM) show();
        },
        { budget: lab.budget ?? 0 },
      );
      run = loop;
      button.setAttribute("aria-pressed", "true");
      run.start();
    }
    show();
  }

  root.addEventListener("input", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    const range = lab.ranges[input.name];
    const value = range?.log ? Math.exp(input.valueAsNumber) : input.valueAsNumber;
    const chosen = { [input.name]: range ? value : input.checked };
    then(() => set(chosen));
  });
  root.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest("button");
    if (button) then(() => press(button));
  });
  for (const [i, { handle, pads = [] }] of lab.panels.entries()) {
    if (handle) drag(drawings[i], ".handle", false, (x, y) => then(() => set(handle.to(x, y))));
    for (const [j, pad] of pads.entries())
      drag(drawings[i], `.pad:nth-of-type(${j + 1})`, true, (x, y, first) =>
        then(() => {
          stop();
          pad.to(model, (x - pad.x) / pad.side, (y - pad.y) / pad.side, first);
          show();
        }),
      );
  }
  if (typeof source === "object") open(source);
  else if (!lab.needs) open();
  else {
    const wake = () => {
      for (const sign of REACHING) root.removeEventListener(sign, wake);
      source().then(open, listen); // what did not come is asked for again
    };
    const listen = () => {
      for (const sign of REACHING) root.addEventListener(sign, wake);
    };
    listen();
  }
  return { set, stop };
}

const REACHING = ["pointerenter", "pointerdown", "focusin"];

/**
 * @param {Lab<any>} lab
 * @param {Settings} settings
 * @returns {Settings} those that the lab knows, each within its range
 */
function within(lab, settings) {
  const known = Object.entries(settings).filter(
    ([name]) => name in lab.ranges || lab.switches.includes(name),
  );
  return Object.fromEntries(
    known.map(([name, value]) => {
      const range = lab.ranges[name];
      return [name, range ? Math.min(range.max, Math.max(range.min, +value)) : Boolean(value)];
    }),
  );
}

/**
 * Follow a pointer: a mouse anywhere on the drawing, a finger from the handle on (elsewhere it
 * scrolls the page).
 * @param {Element} drawing
 * @param {string} grip where a finger begins
 * @param {boolean} only there, and the mouse too
 * @param {(x: number, y: number, first: boolean) => void} to is told the place, in units of the
 *   drawing, and where a line begins
 */
function drag(drawing, grip, only, to) {
  const go = (/** @type {Event} */ event) => {
    const { clientX, clientY, type } = /** @type {PointerEvent} */ (event);
    const { left, top, width, height } = drawing.getBoundingClientRect();
    const [x, y] = [((clientX - left) * WIDTH) / width, ((clientY - top) * HEIGHT) / height];
    to(x, y, type === "pointerdown");
  };
  const keep = (/** @type {Event} */ event) => event.preventDefault(); // the page stays in its place
  drawing.querySelector(grip)?.addEventListener("touchstart", keep, { passive: false });
  drawing.addEventListener("pointerdown", (event) => {
    const { pointerId, pointerType, target, button } = /** @type {PointerEvent} */ (event);
    const inside = /** @type {Element} */ (target).closest(grip);
    if (button || ((only || pointerType !== "mouse") && !inside)) return;
    drawing.setPointerCapture(pointerId);
    drawing.addEventListener("pointermove", go);
    go(event);
  });
  for (const end of ["pointerup", "pointercancel"])
    drawing.addEventListener(end, () => drawing.removeEventListener("pointermove", go));
}
