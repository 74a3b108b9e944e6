// Names for those who have not thought of one.

const pick = (words) => words[Math.floor(Math.random() * words.length)];

export const randomName = () => `${pick(["Quiet", "Swift", "Amber", "Merry"])} ${pick(["Heron", "Badger", "Otter", "Wren"])}`;
export const randomRoom = () => `${pick(["oak", "brick", "slate", "cedar"])}-${pick(["hall", "attic", "porch", "loft"])}`;
