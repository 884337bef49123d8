/** Exit code of berth-attach when nobody reads its output any more; 0 when all has been written. */
export const NO_READER = 3;
