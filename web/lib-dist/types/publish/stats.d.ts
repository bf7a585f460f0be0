/** What goes out, in numbers. null is "not known", never zero. */
export interface PublishStats {
    /** performance.now() of the sample. */
    at: number;
    /** The pictures being sent, largest first: one, or the layers of simulcast. */
    layers: LayerStats[];
    /** Bits per second of media as sent, all layers together. */
    videoBitrate: number | null;
    audioBitrate: number | null;
    videoCodec: string | null;
    audioCodec: string | null;
    /** What the line carries by the browser's estimate, bits per second. */
    availableBitrate: number | null;
    roundTripMs: number | null;
    /** Share of the packets that were lost since the last sample, 0..1. */
    loss: number | null;
    packetsSent: number;
    packetsLost: number;
    /** Packets sent again. */
    retransmitted: number;
    keyframes: number;
    /** Requests for a keyframe that came from the server. */
    keyframeRequests: number;
    /** What holds the picture back most. */
    limitation: Limitation;
    /** "libvpx", "OpenH264", … as the browser calls it. */
    encoder: string | null;
    /** Whether encoding is done by hardware made for it; null unknown. */
    hardware: boolean | null;
    /** "udp" or "tcp". */
    transport: string | null;
}
export type Limitation = 'none' | 'cpu' | 'bandwidth' | 'other';
export interface LayerStats {
    /** "" without simulcast. */
    rid: string;
    active: boolean;
    width: number | null;
    height: number | null;
    /** Frames sent a second. */
    fps: number | null;
    bitrate: number | null;
    limitation: Limitation;
}
/** Turns the browser's statistics of one session into PublishStats; keeps the previous sample for the rates. */
export declare class OutboundMeter {
    #private;
    /** at is performance.now() of the report. */
    read(report: Iterable<[string, unknown]>, at: number): PublishStats;
}
