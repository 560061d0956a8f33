// Imported by the gallery, to show that a module import reaches it.
export const answer = (left, right) => `${left} times ${right} is ${left * right}`;
