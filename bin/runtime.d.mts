export declare const nodeArguments: readonly string[];
export declare function weirEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
