import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: { outDir: '../../../dist/web', emptyOutDir: true, chunkSizeWarningLimit: 1000 },
});
