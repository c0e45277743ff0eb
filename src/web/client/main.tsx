import '@mantine/core/styles.css';
import './page.css';
import { MantineProvider, createTheme } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { CodesPage } from './codes-page.tsx';
import { DeadLettersPage } from './dead-letters-page.tsx';
import { DestinationPage, DestinationsPage } from './destinations-page.tsx';
import { Frame } from './frame.tsx';
import { MessagePage } from './message-page.tsx';
import { MessagesPage } from './messages-page.tsx';
import { PeoplePage } from './people-page.tsx';
import { PersonPage } from './person-page.tsx';
import { usePath } from './router.tsx';
import { AdministratorPage, SignInPage } from './sign-in-page.tsx';

const theme = createTheme({
  primaryColor: 'teal',
  // The lighter shades do not stand out enough from white to be read (WCAG 1.4.3).
  primaryShade: { light: 9, dark: 7 },
  fontFamily: 'system-ui, sans-serif',
});

function Page() {
  const path = usePath();
  const [pathname = '/'] = path.split('?');
  if (pathname === '/sign-in') return <SignInPage usedLink={path.includes('link=used')} />;
  if (pathname === '/administrator') return <AdministratorPage />;
  const [, room, id] = pathname.split('/');
  return <Frame>{pageOf(room ?? '', id)}</Frame>;
}

function pageOf(room: string, id: string | undefined) {
  if (room === 'people' && id !== undefined) return <PersonPage key={id} id={id} />;
  if (room === 'messages' && id === 'dead-letters') return <DeadLettersPage />;
  if (room === 'messages' && id === 'codes') return <CodesPage />;
  if (room === 'destinations' && id !== undefined) return <DestinationPage key={id} name={id} />;
  if (room === 'destinations') return <DestinationsPage />;
  if (room === 'messages' && id !== undefined) return <MessagePage key={id} id={id} />;
  if (room === 'messages') return <MessagesPage />;
  if (room === '' || room === 'people') return <PeoplePage />;
  return <p>There is no such page.</p>;
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Page />
    </MantineProvider>
  </StrictMode>,
);
