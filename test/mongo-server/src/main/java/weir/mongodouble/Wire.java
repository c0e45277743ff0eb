package weir.mongodouble;

import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.MongoExceptionHandler;
import de.bwaldvogel.mongo.wire.MongoWireMessageEncoder;
import de.bwaldvogel.mongo.wire.MongoWireProtocolHandler;
import de.bwaldvogel.mongo.wire.MongoWireReplyEncoder;
import de.bwaldvogel.mongo.wire.message.ClientRequest;
import de.bwaldvogel.mongo.wire.message.MessageHeader;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import de.bwaldvogel.mongo.wire.message.MongoReply;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** The socket: frames in, frames out, each command on a thread of its own (one may have to wait for another's commit). */
final class Wire {
    static final String SET_NAME = "weir";
    /** What a MongoDB 7.0 says of itself. */
    static final int WIRE_VERSION = 21;

    private final Engine engine;
    private final boolean standalone;
    private final AtomicInteger replies = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    Wire(Engine engine, boolean standalone) {
        this.engine = engine;
        this.standalone = standalone;
    }

    int listen(int port) {
        ServerBootstrap bootstrap = new ServerBootstrap()
            .group(new NioEventLoopGroup(1), new NioEventLoopGroup(2))
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 100)
            .childOption(ChannelOption.TCP_NODELAY, Boolean.TRUE)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                public void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new MongoWireReplyEncoder(), new MongoWireMessageEncoder(),
                        new MongoWireProtocolHandler(), new Requests(), new MongoExceptionHandler());
                }
            });
        var address = bootstrap.bind(new InetSocketAddress("127.0.0.1", port)).syncUninterruptibly().channel().localAddress();
        return ((InetSocketAddress) address).getPort();
    }

    private final class Requests extends SimpleChannelInboundHandler<ClientRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, ClientRequest request) {
            threads.execute(() -> answer(context, request));
        }
    }

    private void answer(ChannelHandlerContext context, ClientRequest request) {
        MessageHeader header = new MessageHeader(replies.incrementAndGet(), request.getHeader().getRequestID());
        try {
            if (request instanceof MongoMessage message) {
                Document reply = reply(context, message.getDatabaseName(), message.getDocument());
                context.channel().writeAndFlush(new MongoMessage(context.channel(), header, reply));
            } else if (request instanceof MongoQuery query) {
                Document reply = reply(context, query.getDatabaseName(), query.getQuery());
                context.channel().writeAndFlush(new MongoReply(header, List.of(reply), 0));
            }
        } catch (Faults.ConnectionDropped dropped) {
            context.channel().close();
        }
    }

    private Document reply(ChannelHandlerContext context, String database, Document command) {
        String name = command.keySet().iterator().next();
        if (name.equalsIgnoreCase("hello") || name.equalsIgnoreCase("ismaster")) return hello(context);
        return engine.execute(context.channel(), database, command);
    }

    private Document hello(ChannelHandlerContext context) {
        Document hello = new Document("helloOk", true).append("isWritablePrimary", true).append("ismaster", true)
            .append("maxBsonObjectSize", 16 * 1024 * 1024)
            .append("maxMessageSizeBytes", MongoWireProtocolHandler.MAX_MESSAGE_SIZE_BYTES)
            .append("maxWriteBatchSize", 100_000)
            .append("localTime", Instant.now())
            .append("logicalSessionTimeoutMinutes", 30)
            .append("minWireVersion", 0)
            .append("maxWireVersion", WIRE_VERSION)
            .append("readOnly", false);
        if (!standalone) {
            String me = "127.0.0.1:" + ((InetSocketAddress) context.channel().localAddress()).getPort();
            hello.append("setName", SET_NAME).append("setVersion", 1).append("secondary", false)
                .append("hosts", List.of(me)).append("primary", me).append("me", me);
        }
        return hello.append("ok", 1.0);
    }
}
