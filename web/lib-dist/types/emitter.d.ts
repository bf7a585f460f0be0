/** A typed list of listeners; what the player and a WHEP session tell others through. */
export declare class Emitter<Events extends object> {
    #private;
    /** Calls fn at every event of that name until the returned function is called. */
    on<K extends keyof Events>(name: K, fn: (value: Events[K]) => void): () => void;
    protected emit<K extends keyof Events>(name: K, value: Events[K]): void;
}
