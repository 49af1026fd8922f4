/** Tag of all that a stack makes and that can have tags: its value is the stack's name. */
export const stackTag = "load-test:stack";
