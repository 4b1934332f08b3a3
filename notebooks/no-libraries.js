/** In the place of the kit's built-in libraries and data sets, which a reader's browser would load from a network: a cell imports what it uses. */
export {};
