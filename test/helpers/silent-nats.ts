import { createServer, type Socket } from 'node:net';

/** A NATS of a few lines, which lets every client in once it speaks; clients that come before that hear nothing. */
export async function silentNats(port: number) {
  const sockets = new Set<Socket>();
  let speaks = false;
  let accepted = 0;
  const greet = (socket: Socket) =>
    socket.write(
      'INFO {"server_id":"s","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}\r\n',
    );
  const listening = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => data.toString().includes('PING') && socket.write('PONG\r\n'));
    if (speaks) greet(socket);
  });
  await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
  return {
    accepted: () => accepted,
    open: () => sockets.size,
    speak() {
      speaks = true;
      for (const socket of sockets) greet(socket);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listening.close(resolve));
    },
  };
}
