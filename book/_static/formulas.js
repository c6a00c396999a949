// A displayed formula that is wider than its line can be scrolled by the keyboard.
{
  const reach = () => {
    for (const box of document.querySelectorAll("div.math .formula"))
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
  };
  for (const event of ["load", "resize"]) addEventListener(event, reach);
}
