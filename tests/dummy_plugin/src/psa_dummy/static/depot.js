export const depot = "dummy";
