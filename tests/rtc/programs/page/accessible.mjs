// What can be judged of a page's accessibility by looking at its elements: names, and contrast of texts.

/** Sentences about what is wrong with what a page shows now; none if nothing is. */
export const faults = (page) =>
  page.evaluate(() => {
    const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
    const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);

    const nameless = all("button, input, textarea, select").filter(
      (one) => !one.textContent.trim() && !one.ariaLabel && !one.labels?.length,
    );

    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const channels = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([red, green, blue]) => {
      const linear = [red, green, blue].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const colour = channels(getComputedStyle(one).backgroundColor);
        if (colour[3] === 255) return colour;
      }
      return [255, 255, 255];
    };
    const contrast = (element) => {
      const [one, other] = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    };
    const written = all("body *").filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    const faint = written.filter((one) => !one.matches(":disabled") && contrast(one) < 4.5);

    return [
      ...nameless.map((one) => `without a name: ${one.outerHTML.slice(0, 100)}`),
      ...faint.map((one) => `contrast ${contrast(one).toFixed(1)}: ${one.textContent.trim().slice(0, 40)}`),
    ];
  });
