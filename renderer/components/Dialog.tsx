import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { text } from "../text/en.ts";
import { Button } from "./Button.tsx";
import "./Dialog.css";

export function Dialog(props: {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Buttons at the bottom right, the main one last. */
  readonly actions?: ReactNode;
  /** Default 480 px. */
  readonly width?: number;
  readonly alert?: boolean;
}) {
  return (
    <ModalOverlay
      className="scrim"
      isOpen={props.open}
      onOpenChange={(open) => !open && props.onClose()}
      isDismissable={!props.alert}
    >
      <Modal className="modal" style={{ width: props.width ?? 480 }}>
        <AriaDialog className="dialog" role={props.alert ? "alertdialog" : "dialog"}>
          <header className="dialog-head">
            <Heading slot="title" className="dialog-title">
              {props.title}
            </Heading>
            <Button look="quiet" small icon={<X size={14} />} hint={text.actions.close} onPress={props.onClose} />
          </header>
          <div className="dialog-body">{props.children}</div>
          {props.actions === undefined ? null : <footer className="dialog-actions">{props.actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
