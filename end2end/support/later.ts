/** Something that will have happened, and what says that it has. */
export function later(): [Promise<void>, () => void] {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => (happen = resolve));
  return [happened, happen];
}
