// The explorers: each choice of stops has its frame, a file. What lies one stop away is fetched once
// the sliders are on the screen; a frame takes the picture's place when all of it is there. One
// listener serves all, so a slider answers as soon as it stands there, while the page still comes.
const sets = new WeakMap(); // of explorers that were met

function setUp(explorer) {
  const [picture, status, data] = ["img", "[role=status]", "script"].map((selector) =>
    explorer.querySelector(selector),
  );
  const sliders = [...explorer.querySelectorAll("input")];
  const { stops, frames } = JSON.parse(data.textContent);
  const folder = new URL(".", picture.src);
  const fetched = new Map(); // the frame's number, and the promise of its image or of nothing
  let timer;

  const chosen = () => sliders.map((slider) => slider.valueAsNumber);
  const numberOf = (places) => places.reduce((sum, place, i) => sum * stops[i].length + place, 0);

  function fetchFrame(number) {
    if (!fetched.has(number)) {
      const image = new Image();
      image.src = new URL(frames[number][0], folder);
      const failed = () => void fetched.delete(number); // the next move tries again
      fetched.set(number, image.decode().then(() => image, failed));
    }
    return fetched.get(number);
  }

  function fetchNear() {
    const places = chosen();
    for (const [i, place] of places.entries())
      for (const next of [place - 1, place + 1])
        if (next in stops[i]) fetchFrame(numberOf(Object.assign([...places], { [i]: next })));
  }

  async function show() {
    const number = numberOf(chosen());
    for (const [i, slider] of sliders.entries()) {
      const label = stops[i][slider.value];
      slider.setAttribute("aria-valuetext", label);
      slider.previousElementSibling.value = label;
    }
    const image = await fetchFrame(number);
    if (!image || number !== numberOf(chosen())) return;
    const alt = frames[number][1];
    Object.assign(picture, { loading: "eager", src: image.src, alt });
    fetchNear();
    clearTimeout(timer);
    timer = setTimeout(() => (status.textContent = alt), 300);
  }

  return { fetchNear, show };
}

function of(explorer) {
  if (!sets.has(explorer)) sets.set(explorer, setUp(explorer));
  return sets.get(explorer);
}

function watch() {
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries)
      if (isIntersecting) {
        seen.unobserve(target);
        of(target.closest(".explorer")).fetchNear();
      }
  });
  for (const one of document.querySelectorAll(".explorer")) seen.observe(one.querySelector("input"));
}

addEventListener("input", ({ target }) => {
  const explorer = target.closest(".explorer");
  if (explorer) of(explorer).show();
});
if (document.readyState === "loading") addEventListener("DOMContentLoaded", watch);
else watch();
